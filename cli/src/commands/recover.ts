import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { fromOptions, timestamp, wholeNumber } from '../arguments';
import type { Json } from '../client';
import { fields } from '../output';
import type { Session } from '../session';

const POLL_MS = 1000;

interface RecoverOptions {
  since: string;
  until?: string;
  ratePerSecond?: number;
  wait?: boolean;
}

/** Adds the `recover` commands. */
export function addRecover(program: Command, session: Session): void {
  const recover = program.command('recover').description('Retry all failed notifications of a subscription');

  recover
    .command('start <subscriptionId>', { isDefault: true })
    .description('Start a recovery (short form: recover <subscriptionId>)')
    .requiredOption(
      '--since <time>',
      'retry notifications accepted since this time: RFC 3339, or an age such as 30m, 6h, 2d',
      timestamp,
    )
    .option('--until <time>', 'retry notifications accepted before this time (default: now)', timestamp)
    .option('--rate-per-second <n>', 'maximum number of retries per second (default: 10)', wholeNumber(1))
    .option('--wait', 'wait until the recovery has ended')
    .addHelpText(
      'after',
      `
Example:
  $ signpost recover sub_… --since 6h --rate-per-second 20 --wait`,
    )
    .action(async (subscriptionId: string, { wait, ...options }: RecoverOptions) => {
      let recovery = await session.client.subscriptions.recover(subscriptionId, fromOptions(options));
      if (wait) session.note(`recovery ${recovery.id} started; waiting until it has ended`);
      while (wait && ['pending', 'running'].includes(recovery.status)) {
        await sleep(POLL_MS);
        recovery = await session.client.recoveries.get(recovery.id);
      }
      show(recovery);
    });

  recover
    .command('show <recoveryId>')
    .description('Show the progress of a recovery')
    .action(async (id: string) => show(await session.client.recoveries.get(id)));

  recover
    .command('cancel <recoveryId>')
    .description('Stop a recovery; notifications that it has already retried continue')
    .action(async (id: string) => show(await session.client.recoveries.cancel(id)));

  function show(recovery: Json): void {
    session.print(recovery, () => fields(recovery));
  }
}
