import { z } from 'zod';
import { isUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import { RECOVERY_STATUSES, type Recovery } from '../../domain/recovery';
import {
  closeRecovery,
  findOwners,
  findRecovery,
  findRunning,
  insertRecovery,
  isAllExpired,
  listRecoveries,
} from '../../store/notifications/recoveries';
import { readOutcomes } from '../../store/notifications/recovery-items';
import { scopeOf } from '../auth/auth';
import { periodOf } from '../notifications/start-recovery';
import type { RecoveryControl } from '../ports';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import { ratePerSecond, recoveryDetailSchema, recoverySchema } from '../schemas/recovery-schemas';
import { idFilter, pageOf, pageQuery, pageRequest, timestampInput } from '../schemas/schemas';
import { lockedSubscriptionOf } from '../subscriptions/lookup';

const params = z.object({ id: z.string() });

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
        ratePerSecond,
      }),
      answers: { 202: { description: 'The recovery was started', schema: recoverySchema } },
      problems: ['not-found', 'recovery-running', 'payload-expired'],
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
        const { ratePerSecond } = body;
        const { since, until } = periodOf(body.since, body.until, '');
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
      answers: { 200: { description: 'A page, newest first', schema: pageOf(recoverySchema) } },
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
      answers: { 200: { description: 'The recovery', schema: recoveryDetailSchema } },
      problems: ['not-found'],
      async handle(context) {
        const found = await find(context);
        return { status: 200, body: { ...found, outcomes: await readOutcomes(context.db, found.id) } };
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
      answers: { 202: { description: 'The recovery', schema: recoverySchema } },
      problems: ['not-found'],
      async handle(context) {
        const { id, status: was } = await find(context);
        if (await closeRecovery(context.db, id, 'cancelled')) {
          await context.audit('recovery.cancel', id, { ...(await findOwners(context.db, id)), detail: { was } });
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
