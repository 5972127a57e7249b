import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { z } from 'zod';
import { given, wholeNumber, withIds } from '../arguments';
import { list } from '../client';
import { CliError, EXIT } from '../exit-codes';
import { typesModule } from '../json-schema-to-typescript';
import { planCatalog, type EventType } from '../onboard/catalog';
import { catalog } from '../onboard/files';
import { showSteps } from '../onboard/plan';
import { SourceFile } from '../onboard/source';
import { fields, table } from '../output';
import type { Session } from '../session';
import { addDefine } from './definitions';

/** A product's onboarding file is also a catalog: what else it holds is not looked at. */
const catalogFile = z.object({ eventTypes: catalog });

/** `types`: the catalog of event types. */
export function addTypes(program: Command, session: Session): void {
  const types = program.command('types').description('The catalog of event types');

  types
    .command('list')
    .description('List event types, from A to Z')
    .option('--product <id>')
    .option('--archived', 'those in the archive')
    .option('--limit <n>', 'at most so many', wholeNumber(1), 50)
    .action(async ({ limit, ...filter }: { limit: number; product?: string; archived?: boolean }) => {
      const page = await list<EventType>(session.client, '/v1/event-types', withIds(filter), limit);
      session.print(page, () =>
        table(page.items, {
          name: ({ name }) => name,
          product: ({ productId }) => productId,
          archived: ({ archived }) => (archived ? 'yes' : 'no'),
          description: ({ description }) => description,
        }),
      );
    });

  types
    .command('show <name>')
    .description('Show an event type')
    .action(async (name: string) => {
      const found = await session.client.request('GET', `/v1/event-types/${encodeURIComponent(name)}`);
      session.print(found, () => fields(found));
    });

  types
    .command('archive <name>')
    .description('Take no more events of the type')
    .action(async (name: string) => {
      const path = `/v1/event-types/${encodeURIComponent(name)}/archive`;
      const archived = await session.client.request('POST', path, { body: {} });
      session.print(archived, () => `${name} archived`);
    });

  addDefine(types, session);
  addFiles(types, session);
  addGenerate(types, session);
}

function addFiles(types: Command, session: Session): void {
  types
    .command('import <file>')
    .description('Bring event types from a YAML or JSON file into the catalog')
    .requiredOption('--product <id>', 'the product that they belong to')
    .option('--dry-run', 'show what would be done, and do nothing')
    .addHelpText(
      'after',
      `
The file is what "types export" writes, or the file of "onboard product".

Example:
  $ signpost types import catalog.yaml --product payments --dry-run`,
    )
    .action(async (file: string, { product, dryRun = false }: { product: string; dryRun?: boolean }) => {
      const source = new SourceFile(file);
      const { eventTypes } = source.read(catalogFile);
      const { faults, steps, calls } = await planCatalog(session.client, product, eventTypes, 'eventTypes');
      if (faults.length > 0) throw source.reject(faults);
      if (!dryRun) for (const call of calls) await call();
      session.print({ dryRun, steps }, () => showSteps(steps));
    });

  types
    .command('export')
    .description('Print the catalog as YAML, or as JSON with --json')
    .option('--product <id>', 'only of this product')
    .addHelpText(
      'after',
      `
Example:
  $ signpost types export --product payments > catalog.yaml`,
    )
    .action(async (filter: { product?: string }) => {
      const items = await liveTypes(session, filter);
      const eventTypes = items.map(({ name, description, schema, sample }) =>
        given({ name, description, schema: schema ?? undefined, sample: sample ?? undefined }),
      );
      session.print({ eventTypes }, () => stringify({ eventTypes }).trimEnd());
    });
}

function addGenerate(types: Command, session: Session): void {
  types
    .command('generate')
    .description("Write TypeScript types of the events' data, made from their schemas")
    .option('--product <id>', 'only of this product')
    .option('--out <file>', 'default: standard output')
    .option('--check', 'write nothing; exit code 1 where the file is not up to date')
    .addHelpText(
      'after',
      `
With them a wrong payload does not compile (docs/producers/sdk.md).

Examples:
  $ signpost types generate --product payments --out src/event-types.ts
  $ signpost types generate --product payments --out src/event-types.ts --check`,
    )
    .action(async ({ out, check, ...filter }: { product?: string; out?: string; check?: boolean }) => {
      if (check && out === undefined) throw new CliError(EXIT.usage, '--check needs --out.');
      const items = await liveTypes(session, filter);
      const text = typesModule(items);
      if (out === undefined) {
        session.io.out(text);
        return;
      }
      if (check) {
        if (!existsSync(out) || readFileSync(out, 'utf8') !== text)
          throw new CliError(EXIT.failed, `${out} is not up to date: run signpost types generate.`);
      } else {
        writeFileSync(out, text);
      }
      session.print(
        { file: out, eventTypes: items.map(({ name }) => name) },
        () => `${out}: ${items.length} event types`,
      );
    });
}

async function liveTypes(session: Session, filter: { product?: string }): Promise<EventType[]> {
  return (await list<EventType>(session.client, '/v1/event-types', { ...withIds(filter), archived: false })).items;
}
