import type { Command } from 'commander';
import { moment, wholeNumber, withIds } from '../arguments';
import { list, type Json } from '../client';
import { fields, show, table } from '../output';
import type { Session } from '../session';

interface Notification extends Json {
  id: string;
  status: string;
  lastError: { class: string; message: string } | null;
  lastResponseStatus: number | null;
}

interface Attempt {
  number: number;
  trigger: string;
  startedAt: string;
  durationMs: number;
  status: number | null;
  error: { class: string; message: string } | null;
}

/** `notifications`: what failed, why, what happens next, and what to do about it. */
export function addNotifications(program: Command, session: Session): void {
  const notifications = program.command('notifications').description('One event for one subscription each');

  notifications
    .command('list')
    .description('List notifications, newest first')
    .option('--status <status>', 'pending, delivering, delivered, retrying, failed, held or cancelled')
    .option('--customer <id>')
    .option('--subscription <id>')
    .option('--type <name>', 'event type')
    .option('--since <time>', 'a time, or 30m, 6h, 2d ago', moment)
    .option('--until <time>', 'a time, or 30m, 6h, 2d ago', moment)
    .option('--limit <n>', 'at most so many', wholeNumber(1), 50)
    .addHelpText(
      'after',
      `
Examples:
  $ signpost notifications list --status failed --since 24h
  $ signpost notifications list --status failed --json | jq -r '.items[].id' | xargs -n1 signpost notifications retry`,
    )
    .action(async ({ limit, ...filter }: { limit: number } & Record<string, string>) => {
      const page = await list<Notification>(session.client, '/v1/notifications', withIds(filter), limit);
      session.print(page, () =>
        table(page.items, {
          id: ({ id }) => id,
          status: ({ status }) => status,
          type: ({ eventType }) => eventType,
          customer: ({ customerId }) => customerId,
          attempts: ({ attemptCount }) => attemptCount,
          'next attempt': ({ nextAttemptAt }) => nextAttemptAt,
          'last answer': lastAnswer,
        }),
      );
    });

  notifications
    .command('show <id>')
    .description('Show a notification with its attempts and what happens next')
    .action(async (id: string) => {
      const found = await session.client.request<Notification & { attempts: Attempt[] }>('GET', pathOf(id));
      const { attempts, ...rest } = found;
      session.print(found, () => `${fields(rest)}\n\n${table(attempts, ATTEMPT_COLUMNS)}`);
    });

  notifications
    .command('retry <id>')
    .description('Attempt it now; a closed one walks the ladder again')
    .option('--force', 'deliver again what was delivered')
    .action(async (id: string, { force }: { force?: boolean }) =>
      steered(await session.client.request('POST', `${pathOf(id)}/retry`, { body: force ? { force } : {} })),
    );

  notifications
    .command('cancel <id>')
    .description('End the ladder')
    .action(async (id: string) => steered(await session.client.request('POST', `${pathOf(id)}/cancel`, { body: {} })));

  function steered(notification: Notification): void {
    session.print(notification, () => `${notification.id} ${show(notification.status)}`);
  }
}

const ATTEMPT_COLUMNS = {
  attempt: ({ number }: Attempt) => number,
  trigger: ({ trigger }: Attempt) => trigger,
  started: ({ startedAt }: Attempt) => startedAt,
  ms: ({ durationMs }: Attempt) => durationMs,
  answer: ({ status, error }: Attempt) => error?.message ?? `HTTP ${status}`,
};

function lastAnswer({ lastError, lastResponseStatus }: Notification): string | null {
  return lastError?.message ?? (lastResponseStatus === null ? null : `HTTP ${lastResponseStatus}`);
}

function pathOf(id: string): string {
  return `/v1/notifications/${encodeURIComponent(id)}`;
}
