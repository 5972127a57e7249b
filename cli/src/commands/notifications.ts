import { SignpostError, type ItemOf, type ResponseBody } from '@signpost/sdk';
import type { Command } from 'commander';
import { timestamp } from '../arguments';
import { limitOption, printList } from '../lists';
import { fields, show, table } from '../output';
import type { Session } from '../session';

type Notification = ItemOf<'/v1/notifications'>;
type Attempt = ResponseBody<'/v1/notifications/{id}', 'get'>['attempts'][number];

/** Adds the `notifications` commands. */
export function addNotifications(program: Command, session: Session): void {
  const notifications = program.command('notifications').description('Show, retry and cancel notifications');

  notifications
    .command('list')
    .description('List notifications, newest first')
    .option(
      '--status <status>',
      'only this status: pending, delivering, delivered, retrying, failed, held or cancelled',
    )
    .option('--customer <id>', 'only notifications of this customer')
    .option('--subscription <id>', 'only notifications of this subscription')
    .option('--type <name>', 'only this event type')
    .option(
      '--since <time>',
      'only notifications accepted since this time: RFC 3339, or an age such as 30m, 6h, 2d',
      timestamp,
    )
    .option('--until <time>', 'only notifications accepted before this time', timestamp)
    .addOption(limitOption())
    .addHelpText(
      'after',
      `
Examples:
  $ signpost notifications list --status failed --since 24h
  $ signpost notifications list --status failed --json | jq -r '.items[].id' \\
      | xargs -n1 signpost notifications retry`,
    )
    .action(
      printList(session, '/v1/notifications', 'No notifications.', {
        id: ({ id }) => id,
        status: ({ status }) => status,
        type: ({ eventType }) => eventType,
        customer: ({ customerId }) => customerId,
        attempts: ({ attemptCount }) => attemptCount,
        'next attempt': ({ nextAttemptAt }) => nextAttemptAt,
        'last response': lastResponse,
      }),
    );

  notifications
    .command('show <id>')
    .description('Show a notification with its attempts and what happens next')
    .action(async (id: string) => {
      const found = await session.client.notifications.get(id);
      const { attempts, ...rest } = found;
      session.print(found, () => `${fields(rest)}\n\n${table(attempts, 'No attempts yet.', ATTEMPT_COLUMNS)}`);
    });

  notifications
    .command('retry <id>')
    .description('Attempt a notification now, or restart the retry schedule of a closed one')
    .option('--force', 'also retry a delivered notification')
    .action(async (id: string, { force }: { force?: boolean }) => printStatus(await retry(id, force)));

  notifications
    .command('cancel <id>')
    .description('Stop all further attempts of a notification')
    .action(async (id: string) => printStatus(await session.client.notifications.cancel(id)));

  async function retry(id: string, force?: boolean) {
    try {
      return await session.client.notifications.retry(id, force ? { force } : {});
    } catch (error) {
      if (!(error instanceof SignpostError) || error.code !== 'already-delivered') throw error;
      // The service advises what to send by HTTP.
      const { status, code, title, errors } = error;
      throw new SignpostError(status, code, title, 'It was delivered. Add --force to deliver it again.', errors);
    }
  }

  function printStatus(notification: { id: string; status: string }): void {
    session.print(notification, () => `${notification.id} ${show(notification.status)}`);
  }
}

const ATTEMPT_COLUMNS = {
  attempt: ({ number }: Attempt) => number,
  trigger: ({ trigger }: Attempt) => trigger,
  started: ({ startedAt }: Attempt) => startedAt,
  ms: ({ durationMs }: Attempt) => durationMs,
  result: ({ status, error }: Attempt) => error?.message ?? `HTTP ${status}`,
};

function lastResponse({ lastError, lastResponseStatus }: Notification): string | null {
  return lastError?.message ?? (lastResponseStatus === null ? null : `HTTP ${lastResponseStatus}`);
}
