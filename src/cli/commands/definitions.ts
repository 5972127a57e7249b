import type { Command } from 'commander';
import { definitionSchema } from '../../api/schemas/composing-schemas';
import { jsonArgument } from '../arguments';
import { ApiError } from '../client';
import { SourceFile } from '../onboard/source';
import { fields } from '../output';
import type { Session } from '../session';

/** Adds the `types define` command: sets the service definition of an event type from a file. */
export function addDefine(types: Command, session: Session): void {
  types
    .command('define <name> <file>')
    .description('Set the service definition of an event type from a YAML or JSON file')
    .option('--dry-run', 'print the body that would be sent for the sample; save nothing')
    .option('--data <json>', 'with --dry-run, data to use instead of the sample: JSON, @file, or - for standard input')
    .addHelpText(
      'after',
      `
docs/producers/service-definitions.md describes the file.

Example:
  $ signpost types define ledgerpayment \\
      examples/service-definitions/ledgerpayment.yaml --dry-run`,
    )
    .action(async (name: string, file: string, { dryRun, data }: { dryRun?: boolean; data?: string }) => {
      const source = new SourceFile(file);
      const definition = source.read(definitionSchema);
      const path = `/v1/event-types/${encodeURIComponent(name)}/service-definition`;
      const testData = data === undefined ? undefined : await jsonArgument(data, '--data', session.io);
      try {
        if (dryRun) {
          const body = { definition, data: testData };
          const preview = await session.client.request<{ body: string }>('POST', `${path}/dry-run`, { body });
          session.print(preview, () => preview.body);
        } else {
          const saved = await session.client.request('PUT', path, { body: definition });
          session.print(saved, () => fields(saved));
        }
      } catch (error) {
        throw withLines(source, error);
      }
    });
}

/** Adds line and column of the file to errors that the service found in a definition. */
function withLines(source: SourceFile, error: unknown): unknown {
  if (!(error instanceof ApiError) || error.problem.code !== 'invalid-service-definition') return error;
  const issues = (error.problem.errors ?? []).map(({ path, message }) => {
    const segments = path.split('/').slice(1);
    const within = segments[0] === 'definition' ? segments.slice(1) : segments;
    return { path: within.map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment)), message };
  });
  return source.reject(issues);
}
