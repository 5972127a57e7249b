import type { ResponseBody } from '@signpost/sdk';
import type { Command } from 'commander';
import { fields, table } from '../output';
import type { Session } from '../session';

type Retention = ResponseBody<'/v1/retention', 'get'>;

const MEBIBYTE = 1024 * 1024;

/** Adds the `retention` command. */
export function addRetention(program: Command, session: Session): void {
  program
    .command('retention')
    .description('See how long data is kept')
    .command('show')
    .description('Show how long what is kept, the partitions, and the space on disk')
    .action(async () => {
      const retention = await session.client.request('get', '/v1/retention');
      session.print(retention, () => format(retention));
    });
}

function format({ days, tables, bytes, openBeyondHistory, lastRun }: Retention): string {
  const sizes = Object.entries(bytes).filter(([, size]) => size >= MEBIBYTE);
  return [
    'Days kept',
    fields(days),
    '',
    table(tables, 'No partitions.', {
      table: (row) => row.table,
      partitions: (row) => row.partitions,
      'oldest day': (row) => row.oldestDay,
      ahead: (row) => row.ahead,
      'without partition': (row) => row.rowsInDefault,
    }),
    '',
    table(sizes, 'No table is larger than 1 MiB.', {
      table: ([name]) => name,
      MiB: ([, size]) => Math.round(size / MEBIBYTE),
    }),
    '',
    fields({ 'open beyond history': openBeyondHistory }),
    lastRun ? `Last run\n${fields(lastRun)}` : 'Maintenance has not run yet.',
  ].join('\n');
}
