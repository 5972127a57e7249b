import type { Activity, ActivityGap } from '@signpost/sdk';
import type { Command } from 'commander';
import { followActivity } from '../activity';
import { fromOptions } from '../arguments';
import { show } from '../output';
import type { Session } from '../session';

/** Adds the `activity` command: the live feed in the terminal. */
export function addActivity(program: Command, session: Session): void {
  program
    .command('activity')
    .description('Watch events, attempts and changes of status live')
    .command('tail')
    .description('Print activity as it happens, until you press Ctrl-C')
    .option('--type <name>', 'only this event type')
    .option('--customer <id>', 'only this customer')
    .option('--subscription <id>', 'only this subscription')
    .option('--payload', 'also print the data of accepted events, up to 16 KiB each')
    .addHelpText(
      'after',
      `
The command reconnects when the connection ends, and misses nothing meanwhile.
With --json it prints one JSON object a line.

Example:
  $ signpost activity tail --customer customer1 --json \\
      | jq -c 'select(.kind == "attempt.finished")'`,
    )
    .action(async ({ payload, ...options }: Options) => {
      const filter = { ...fromOptions(options), ...(payload && { include: 'payload' as const }) };
      for await (const { position: _, ...entry } of followActivity(session, filter))
        session.io.out(`${session.json ? JSON.stringify(entry) : lineOf(entry)}\n`);
    });
}

interface Options {
  type?: string;
  customer?: string;
  subscription?: string;
  payload?: boolean;
}

function lineOf(entry: Omit<Activity, 'position'> | Omit<ActivityGap, 'position'>): string {
  if (entry.kind === 'activity.gap') return `${entry.kind}  ${entry.from} to ${entry.until} is not shown`;
  const { at, kind, type, customerId, notificationId, eventId, status, attempt, payload } = entry;
  const response = attempt && (attempt.errorClass ?? `HTTP ${attempt.responseStatus}`);
  const data = payload && (payload.omitted ?? JSON.stringify(payload.data));
  return [at, kind, type, customerId, notificationId ?? eventId, status, response, data]
    .filter(Boolean)
    .map(show)
    .join('  ');
}
