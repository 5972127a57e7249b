import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { z } from 'zod';
import { definedOnly, fromOptions } from '../arguments';
import { list } from '../client';
import { CliError, EXIT } from '../exit-codes';
import { typesModule } from '../json-schema-to-typescript';
import { planCatalog, type EventType } from '../onboard/catalog';
import { catalog } from '../onboard/files';
import { showSteps } from '../onboard/plan';
import { SourceFile } from '../onboard/source';
import { limitOption, printList } from '../lists';
import { fields } from '../output';
import type { Session } from '../session';
import { addDefine } from './definitions';

/** Accepts the onboarding file of a product too, and ignores its other fields. */
const catalogFile = z.object({ eventTypes: catalog });

/** Adds the `types` commands. */
export function addTypes(program: Command, session: Session): void {
  const types = program.command('types').description('Manage the catalog of event types');

  types
    .command('list')
    .description('List event types by name')
    .option('--product <id>', 'only event types of this product')
    .option('--archived', 'only archived event types')
    .addOption(limitOption())
    .action(
      printList(session, '/v1/event-types', 'No event types.', {
        name: ({ name }) => name,
        product: ({ productId }) => productId,
        archived: ({ archived }) => (archived ? 'yes' : 'no'),
        description: ({ description }) => description,
      }),
    );

  types
    .command('show <name>')
    .description('Show an event type with its schema and sample')
    .action(async (name: string) => {
      const found = await session.client.eventTypes.get(name);
      session.print(found, () => fields(found));
    });

  types
    .command('archive <name>')
    .description('Reject further events of a type')
    .action(async (name: string) => {
      const archived = await session.client.eventTypes.archive(name);
      session.print(archived, () => `${name} archived`);
    });

  addDefine(types, session);
  addFiles(types, session);
  addGenerate(types, session);
}

function addFiles(types: Command, session: Session): void {
  types
    .command('import <file>')
    .description('Import event types from a YAML or JSON file into the catalog')
    .requiredOption('--product <id>', 'product that owns the event types')
    .option('--dry-run', 'print the plan and change nothing')
    .addHelpText(
      'after',
      `
The file is the output of "types export", or a file for "onboard product".

Example:
  $ signpost types import catalog.yaml --product payments --dry-run`,
    )
    .action(async (file: string, { product, dryRun = false }: { product: string; dryRun?: boolean }) => {
      const source = new SourceFile(file);
      const { eventTypes } = source.read(catalogFile);
      const { issues, steps, calls } = await planCatalog(session.client, product, eventTypes, 'eventTypes');
      if (issues.length > 0) throw source.reject(issues);
      if (!dryRun) for (const call of calls) await call();
      session.print({ dryRun, steps }, () => showSteps(steps));
    });

  types
    .command('export')
    .description('Print the catalog as YAML, or as JSON with --json')
    .option('--product <id>', 'only event types of this product')
    .addHelpText(
      'after',
      `
Example:
  $ signpost types export --product payments > catalog.yaml`,
    )
    .action(async (filter: { product?: string }) => {
      const items = await activeTypes(session, filter);
      const eventTypes = items.map(({ name, description, schema, sample }) =>
        definedOnly({ name, description, schema: schema ?? undefined, sample: sample ?? undefined }),
      );
      session.print({ eventTypes }, () => stringify({ eventTypes }).trimEnd());
    });
}

function addGenerate(types: Command, session: Session): void {
  types
    .command('generate')
    .description('Write TypeScript types for the data of event types')
    .option('--product <id>', 'only event types of this product')
    .option('--out <file>', 'file to write (default: standard output)')
    .option('--check', 'write nothing; exit with 1 if the file is out of date')
    .addHelpText(
      'after',
      `
The types are made from the JSON Schemas in the catalog. With them, a wrong
payload does not compile (docs/producers/sdk.md).

Examples:
  $ signpost types generate --product payments --out src/event-types.ts
  $ signpost types generate --product payments --out src/event-types.ts \\
      --check`,
    )
    .action(async ({ out, check, ...filter }: { product?: string; out?: string; check?: boolean }) => {
      if (check && out === undefined) throw new CliError(EXIT.usage, '--check requires --out.');
      const items = await activeTypes(session, filter);
      const text = typesModule(items);
      if (out === undefined) {
        session.io.out(text);
        return;
      }
      if (check) {
        if (!existsSync(out) || readFileSync(out, 'utf8') !== text)
          throw new CliError(EXIT.failed, `${out} is out of date. Run signpost types generate.`);
      } else {
        writeFileSync(out, text);
      }
      session.print({ file: out, eventTypes: items.map(({ name }) => name) }, () =>
        check
          ? `${out} is up to date`
          : `${out}: wrote the types of ${items.length} event type${items.length === 1 ? '' : 's'}`,
      );
    });
}

async function activeTypes(session: Session, filter: { product?: string }): Promise<EventType[]> {
  return (await list(session.client, '/v1/event-types', fromOptions({ ...filter, archived: false }))).items;
}
