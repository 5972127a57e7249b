import type { Command } from 'commander';
import { fromOptions, timestamp } from '../arguments';
import { pagesOf } from '../client';
import { limitOption, printList } from '../lists';
import { show } from '../output';
import type { Session } from '../session';

type Filter = Partial<Record<'actor' | 'action' | 'object' | 'since' | 'until', string>>;

/** Adds the `audit` commands. */
export function addAudit(program: Command, session: Session): void {
  const audit = program.command('audit').description('Read the audit log');

  withFilter(audit.command('list'))
    .description('List who changed, revealed, read or was refused what, newest first')
    .addOption(limitOption())
    .action(
      printList(session, '/v1/audit', 'No entries.', {
        time: ({ at }) => at,
        action: ({ action }) => action,
        object: ({ object }) => object,
        actor: ({ actorName }) => actorName,
        address: ({ address }) => address,
        changes: ({ changes }) =>
          Object.entries(changes).map(([field, { from, to }]) => `${field}: ${show(from)} → ${show(to)}`),
      }),
    );

  withFilter(audit.command('export'))
    .description('Print all entries that match, one JSON object a line, newest first')
    .addHelpText(
      'after',
      `
Examples:
  $ signpost audit export --since 2026-11-01T00:00:00Z > audit.ndjson
  $ signpost audit export --action secret.reveal \\
      | jq -r '[.at, .actorName, .object] | @tsv'`,
    )
    .action(async (filter: Filter) => {
      for await (const { items } of pagesOf(session.client, '/v1/audit', fromOptions(filter)))
        session.io.out(items.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    });
}

function withFilter(command: Command): Command {
  return command
    .option('--actor <id>', 'only entries of the credential with this id')
    .option('--action <name>', 'only this action, such as subscription.change')
    .option('--object <id>', 'only entries about the object with this id or name')
    .option('--since <time>', 'only entries since this time: RFC 3339, or an age such as 30m, 6h, 2d', timestamp)
    .option('--until <time>', 'only entries before this time', timestamp);
}
