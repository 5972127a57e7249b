import type { Command } from 'commander';
import { definitionSchema } from '../../api/composing-schemas';
import { jsonArgument } from '../arguments';
import { ApiError } from '../client';
import { SourceFile } from '../onboard/source';
import { fields } from '../output';
import type { Session } from '../session';

/** `types define`: the service definition of an event type, from a file. */
export function addDefine(types: Command, session: Session): void {
  types
    .command('define <name> <file>')
    .description('Set the service definition of an event type from a YAML or JSON file')
    .option('--dry-run', 'show what would be sent for the sample, and save nothing')
    .option('--data <json>', 'with --dry-run: instead of the sample; @file reads a file, - standard input')
    .addHelpText(
      'after',
      `
What a definition holds: docs/producers/service-definitions.md.

Example:
  $ signpost types define ledgerpayment examples/service-definitions/ledgerpayment.yaml --dry-run`,
    )
    .action(async (name: string, file: string, { dryRun, data }: { dryRun?: boolean; data?: string }) => {
      const source = new SourceFile(file);
      const definition = source.read(definitionSchema);
      const path = `/v1/event-types/${encodeURIComponent(name)}/service-definition`;
      const given = data === undefined ? undefined : await jsonArgument(data, '--data', session.io);
      try {
        if (dryRun) {
          const body = { definition, data: given };
          const shown = await session.client.request<{ body: string }>('POST', `${path}/dry-run`, { body });
          session.print(shown, () => shown.body);
        } else {
          const saved = await session.client.request('PUT', path, { body: definition });
          session.print(saved, () => fields(saved));
        }
      } catch (error) {
        throw inFile(source, error);
      }
    });
}

/** What the service finds in a definition is told with its line of the file. */
function inFile(source: SourceFile, error: unknown): unknown {
  if (!(error instanceof ApiError) || error.problem.code !== 'invalid-service-definition') return error;
  const faults = (error.problem.errors ?? []).map(({ path, message }) => {
    const segments = path.split('/').slice(1);
    const within = segments[0] === 'definition' ? segments.slice(1) : segments;
    return { path: within.map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment)), message };
  });
  return source.reject(faults);
}
