import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { given, moment, wholeNumber } from '../arguments';
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

interface Recovery extends Json {
  id: string;
  status: string;
}

/** `recover`: retrying everything that failed for a subscription. */
export function addRecover(program: Command, session: Session): void {
  const recover = program.command('recover').description('Retry everything that failed for a subscription');

  recover
    .command('start <subscriptionId>', { isDefault: true })
    .description('Begin a recovery')
    .requiredOption('--since <time>', 'what was accepted from then on: a time, or 30m, 6h, 2d ago', moment)
    .option('--until <time>', 'what was accepted before', moment)
    .option('--rate-per-second <n>', 'at most so many a second', wholeNumber(1))
    .option('--wait', 'wait until it has ended')
    .addHelpText(
      'after',
      `
Example:
  $ signpost recover sub_… --since 6h --rate-per-second 20 --wait`,
    )
    .action(async (subscriptionId: string, { wait, ...options }: RecoverOptions) => {
      const path = `/v1/subscriptions/${encodeURIComponent(subscriptionId)}/recover`;
      let recovery = await session.client.request<Recovery>('POST', path, { body: given(options) });
      if (wait) session.note(`recovery ${recovery.id} runs`);
      while (wait && ['pending', 'running'].includes(recovery.status)) {
        await sleep(POLL_MS);
        recovery = await session.client.request<Recovery>('GET', pathOf(recovery.id));
      }
      show(recovery);
    });

  recover
    .command('show <recoveryId>')
    .description('Show how far a recovery is')
    .action(async (id: string) => show(await session.client.request('GET', pathOf(id))));

  recover
    .command('cancel <recoveryId>')
    .description('End a recovery; what it has retried goes on')
    .action(async (id: string) => show(await session.client.request('POST', `${pathOf(id)}/cancel`, { body: {} })));

  function show(recovery: Json): void {
    session.print(recovery, () => fields(recovery));
  }
}

function pathOf(id: string): string {
  return `/v1/recoveries/${encodeURIComponent(id)}`;
}
