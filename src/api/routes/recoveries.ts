import { z } from 'zod';
import { isUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import { RECOVERY_STATUSES, type Recovery } from '../../domain/recovery';
import {
  closeRecovery,
  findRecovery,
  findRunning,
  insertRecovery,
  isAllExpired,
  listRecoveries,
} from '../../store/notifications/recoveries';
import { findSubscription } from '../../store/subscriptions/subscriptions';
import { scopeOf } from '../auth/auth';
import type { RecoveryControl } from '../ports';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import { idFilter, pageOf, pageQuery, pageRequest, timestamp, timestampInput } from '../schemas/schemas';
import { lockedSubscriptionOf } from '../subscriptions/lookup';

const DEFAULT_RATE_PER_SECOND = 10;
const MIN_RATE_PER_SECOND = 0.1;
const MAX_RATE_PER_SECOND = 1000;
const params = z.object({ id: z.string() });

const recovery = z
  .object({
    id: z.string(),
    subscriptionId: z.string(),
    status: z.enum(RECOVERY_STATUSES),
    since: timestamp.describe('Includes notifications accepted at or after this time.'),
    until: timestamp.describe('Includes notifications accepted before this time.'),
    ratePerSecond: z.number(),
    total: z.int().describe('Number of notifications to retry. It rises if more fail while the recovery runs.'),
    retried: z.int().describe('Number of notifications retried so far.'),
    skipped: z
      .int()
      .describe(
        'Number of notifications that were no longer failed at their turn, or whose payload had expired. Set when the recovery completes.',
      ),
    createdAt: timestamp,
    finishedAt: timestamp.nullable(),
  })
  .meta({ id: 'Recovery' });

/**
 * Bulk recovery: retrying a subscription's failed notifications at a rate that its receiver can
 * handle.
 */
export function recoveryRoutes(control: RecoveryControl): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/subscriptions/:id/recover',
      summary: "Retry all of a subscription's failed notifications",
      description:
        'Retries the failed notifications that were accepted in the given period, in order of acceptance. The recovery runs in the background until it is completed or cancelled, and survives restarts of the service. Each subscription has at most one running recovery.',
      tag: 'Recoveries',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({
        since: timestampInput.describe('Retry notifications accepted at or after this time.'),
        until: timestampInput
          .optional()
          .describe('Retry notifications accepted before this time. Default and maximum: now.'),
        status: z.literal('failed').default('failed'),
        ratePerSecond: z
          .number()
          .min(MIN_RATE_PER_SECOND)
          .max(MAX_RATE_PER_SECOND)
          .default(DEFAULT_RATE_PER_SECOND)
          .describe(`Maximum number of retries per second, ${MIN_RATE_PER_SECOND} to ${MAX_RATE_PER_SECOND}.`),
      }),
      answers: { 202: { description: 'The recovery was started', schema: recovery } },
      problems: ['not-found', 'recovery-running', 'payload-expired'],
      creates: true,
      answerIsOpen: true,
      async handle(context) {
        const { db, body } = context;
        const { id: subscriptionId, customerId, productId } = await lockedSubscriptionOf(context, context.params.id);
        const running = await findRunning(db, subscriptionId);
        if (running)
          throw new Problem(
            'recovery-running',
            `The recovery ${running.id} is already running for this subscription. Wait for it, or cancel it.`,
          );
        const { since, ratePerSecond } = body;
        const until = new Date(Math.min(Date.now(), body.until?.getTime() ?? Infinity));
        if (since >= until) {
          throw new Problem('validation-failed', 'since must be in the past and before until.', {
            errors: [{ path: '/since', message: 'must be in the past and before until' }],
          });
        }
        if (await isAllExpired(db, { subscriptionId, since, until }))
          throw new Problem(
            'payload-expired',
            'The data of all failed events in this period is older than its retention and was removed.',
          );
        const recovery = await insertRecovery(db, { subscriptionId, since, until, ratePerSecond });
        const detail = { subscriptionId, since, until, ratePerSecond };
        await context.audit('recovery.start', recovery.id, { customerId, productId, detail });
        context.afterCommit(() => control.start(recovery.id));
        return { status: 202, body: recovery };
      },
    }),
    route({
      method: 'get',
      path: '/v1/recoveries',
      summary: 'List recoveries',
      tag: 'Recoveries',
      roles: CUSTOMER_READERS,
      query: z.strictObject({
        ...pageQuery,
        subscriptionId: idFilter.optional(),
        status: z.enum(RECOVERY_STATUSES).optional(),
      }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(recovery) } },
      async handle({ db, principal, query }) {
        return {
          status: 200,
          body: await listRecoveries(db, scopeOf(principal), query, pageRequest(query, isUuid)),
        };
      },
    }),
    route({
      method: 'get',
      path: '/v1/recoveries/:id',
      summary: 'Get a recovery with its progress',
      tag: 'Recoveries',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The recovery', schema: recovery } },
      problems: ['not-found'],
      async handle(context) {
        return { status: 200, body: await find(context) };
      },
    }),
    route({
      method: 'post',
      path: '/v1/recoveries/:id/cancel',
      summary: 'Cancel a recovery',
      description:
        'Makes no further retries. Notifications that were already retried continue. A recovery that has ended does not change.',
      tag: 'Recoveries',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({}),
      answers: { 202: { description: 'The recovery', schema: recovery } },
      problems: ['not-found'],
      async handle(context) {
        const { id, subscriptionId, status: was } = await find(context);
        if (await closeRecovery(context.db, id, 'cancelled')) {
          const owners = await findSubscription(context.db, subscriptionId, {});
          const { customerId, productId } = owners ?? {};
          await context.audit('recovery.cancel', id, { customerId, productId, detail: { was } });
          context.afterCommit(() => control.cancel(id));
        }
        return { status: 202, body: await find(context) };
      },
    }),
  ];
}

async function find({ db, principal, params: { id } }: Context<{ id: string }>): Promise<Recovery> {
  const found = await findRecovery(db, id, scopeOf(principal));
  if (!found) throw notFound('recovery');
  return found;
}
