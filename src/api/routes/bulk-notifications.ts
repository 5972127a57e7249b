import { z } from 'zod';
import { Problem } from '../../domain/problems';
import { NOTIFICATION_STATUSES, type Notification } from '../../domain/types';
import { CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Reply, type Route } from '../http/route';
import { cancel, retry, signalRetry } from '../notifications/retry';
import { RECOVERY_PROBLEMS, startRecovery } from '../notifications/start-recovery';
import type { NotificationControl, RecoveryControl } from '../ports';
import { bulkRate, recoveryFilterInput, recoverySchema } from '../schemas/recovery-schemas';

const MAX_IDS = 200;

const selection = {
  ids: z.array(z.string().max(64)).min(1).max(MAX_IDS).optional().describe('Either `ids` or `filter` is required.'),
  filter: recoveryFilterInput
    .optional()
    .describe('All that match, in the background, as with `POST /v1/recoveries`. Not together with `ids`.'),
  ratePerSecond: bulkRate,
};
/** Refuses a body whose fields would not all be honoured. */
function isOneSelection(
  { ids, filter, ratePerSecond, force }: Record<string, unknown>,
  context: z.RefinementCtx,
): void {
  const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
  if ((ids === undefined) === (filter === undefined)) refuse('ids', 'send either ids or filter');
  if (ids !== undefined && ratePerSecond !== undefined) refuse('ratePerSecond', 'is only for a filter');
  if (filter !== undefined && force === true) refuse('force', 'is only for ids');
}

const resultOf = (done: 'retried' | 'cancelled') =>
  z.object({
    id: z.string(),
    [done]: z.boolean(),
    status: z.enum(NOTIFICATION_STATUSES).nullable().describe(`The new status; null if it was not ${done}.`),
    code: z.string().nullable().describe(`Code of the problem; null if it was ${done}.`),
    detail: z.string().nullable().describe(`Detail of the problem; null if it was ${done}.`),
  });
const answersOf = (done: 'retried' | 'cancelled') => ({
  200: { description: 'The results, in order, for `ids`', schema: z.object({ results: z.array(resultOf(done)) }) },
  202: { description: 'The recovery was started, for a `filter`', schema: recoverySchema },
});

/** Retrying and cancelling several notifications. */
export function bulkNotificationRoutes(control: NotificationControl, recoveries: RecoveryControl): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/notifications/retry',
      summary: 'Retry several notifications now',
      description:
        'Has the same effect as retrying each notification separately. One that cannot be retried does not affect the others. With `filter`, retries all that match in the background.',
      tag: 'Notifications',
      roles: CUSTOMER_WRITERS,
      body: z
        .strictObject({
          ...selection,
          force: z.boolean().default(false).describe('Also retry delivered notifications. Only for `ids`.'),
        })
        .superRefine(isOneSelection),
      answers: answersOf('retried'),
      problems: RECOVERY_PROBLEMS,
      async handle(context) {
        const { ids, filter, ratePerSecond, force } = context.body;
        if (filter) return startRecovery(context, recoveries, { action: 'retry', filter, ratePerSecond });
        return forEach(context, ids!, 'retried', async (id) => {
          const retried = await retry(context, id, force);
          return { notification: retried.notification, signal: () => signalRetry(control, retried) };
        });
      },
    }),
    route({
      method: 'post',
      path: '/v1/notifications/cancel',
      summary: 'Cancel several notifications',
      description:
        'Has the same effect as cancelling each notification separately. With `filter`, cancels all that match in the background.',
      tag: 'Notifications',
      roles: CUSTOMER_WRITERS,
      body: z.strictObject(selection).superRefine(isOneSelection),
      answers: answersOf('cancelled'),
      problems: RECOVERY_PROBLEMS,
      async handle(context) {
        const { ids, filter, ratePerSecond } = context.body;
        if (filter) return startRecovery(context, recoveries, { action: 'cancel', filter, ratePerSecond });
        return forEach(context, ids!, 'cancelled', async (id) => {
          const { notification, openedAt } = await cancel(context, id);
          return { notification, signal: () => control.cancel(id, openedAt) };
        });
      },
    }),
  ];
}

/** A changed notification, and the signal to its workflow, which is sent after the commit. */
interface Changed {
  notification: Notification;
  signal(): Promise<void>;
}

/** Does something with each notification. A problem with one does not affect the others. */
async function forEach(
  { afterCommit }: Pick<Context, 'afterCommit'>,
  ids: readonly string[],
  done: 'retried' | 'cancelled',
  change: (id: string) => Promise<Changed>,
): Promise<Reply> {
  const results = new Map<string, object>();
  const signals: Changed['signal'][] = [];
  // Each one locks rows until the commit, so all callers take them in the same order.
  for (const id of [...new Set(ids)].sort()) {
    try {
      const { notification, signal } = await change(id);
      signals.push(signal);
      results.set(id, { id, [done]: true, status: notification.status, code: null, detail: null });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      results.set(id, { id, [done]: false, status: null, code: error.code, detail: error.detail });
    }
  }
  // Concurrently, so that the last notification does not wait for the signals of all others.
  afterCommit(async () => void (await Promise.all(signals.map((signal) => signal()))));
  return { status: 200, body: { results: ids.map((id) => results.get(id)) } };
}
