import { SignpostError } from '@signpost/sdk';
import type { Command } from 'commander';
import { definitionSchema } from '../../../src/api/schemas/composing-schemas';
import { definedOnly, jsonArgument } from '../arguments';
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
      const testData = data === undefined ? undefined : await jsonArgument(data, '--data', session.io);
      const params = { name };
      try {
        if (dryRun) {
          const preview = await session.client.request('post', '/v1/event-types/{name}/service-definition/dry-run', {
            params,
            body: definedOnly({ definition, data: testData }),
          });
          session.print(preview, () => preview.body);
        } else {
          const saved = await session.client.request('put', '/v1/event-types/{name}/service-definition', {
            params,
            body: definition,
          });
          session.print(saved, () => fields(saved));
        }
      } catch (error) {
        throw withLines(source, error);
      }
    });
}

/** Adds line and column of the file to errors that the service found in a definition. */
function withLines(source: SourceFile, error: unknown): unknown {
  if (!(error instanceof SignpostError) || error.code !== 'invalid-service-definition') return error;
  const issues = error.errors.map(({ path, message }) => {
    const segments = path.split('/').slice(1);
    const within = segments[0] === 'definition' ? segments.slice(1) : segments;
    return { path: within.map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment)), message };
  });
  return source.reject(issues);
}
