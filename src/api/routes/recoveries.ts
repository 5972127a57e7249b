import { z } from 'zod';
import { notFound, Problem } from '../../domain/problems';
import { RECOVERY_STATUSES, type Recovery } from '../../domain/recovery';
import {
  closeRecovery,
  findRecovery,
  findRunning,
  insertRecovery,
  listRecoveries,
} from '../../store/notifications/recoveries';
import { scopeOf } from '../auth/auth';
import type { RecoveryControl } from '../ports';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import { isUuidKey, pageOf, pageQuery, pageRequest, timestamp, timestampInput } from '../schemas/schemas';
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
    since: timestamp,
    until: timestamp,
    ratePerSecond: z.number(),
    total: z.int().describe('Failed when it was asked for; rises where more fail while it runs.'),
    retried: z.int(),
    skipped: z.int().describe('Not failed any more when their turn came; known when it is completed.'),
    createdAt: timestamp,
    finishedAt: timestamp.nullable(),
  })
  .meta({ id: 'Recovery' });

/** Bulk recovery: retrying all that failed for a subscription, at a rate that its receiver stands. */
export function recoveryRoutes(control: RecoveryControl): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/subscriptions/:id/recover',
      summary: "Retry all of a subscription's failed notifications",
      description:
        'Those that were accepted in the given time and are failed, in order of acceptance, each as by its own retry. It runs on whatever happens to this service, until it is through or cancelled. One at a time for each subscription.',
      tag: 'Recoveries',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({
        since: timestampInput.describe('Accepted at or after.'),
        until: timestampInput.optional().describe('Accepted before; default, and at most, now.'),
        status: z.literal('failed').default('failed'),
        ratePerSecond: z
          .number()
          .min(MIN_RATE_PER_SECOND)
          .max(MAX_RATE_PER_SECOND)
          .default(DEFAULT_RATE_PER_SECOND)
          .describe(`Retries per second, at most; ${MIN_RATE_PER_SECOND} to ${MAX_RATE_PER_SECOND}.`),
      }),
      answers: { 202: { description: 'Under way', schema: recovery } },
      problems: ['not-found', 'recovery-running'],
      creates: true,
      async handle(context) {
        const { db, body } = context;
        const { id: subscriptionId } = await lockedSubscriptionOf(context, context.params.id);
        const running = await findRunning(db, subscriptionId);
        if (running) throw new Problem('recovery-running', `${running.id} is running for this subscription.`);
        const { since, ratePerSecond } = body;
        const until = new Date(Math.min(Date.now(), body.until?.getTime() ?? Infinity));
        if (since >= until) {
          throw new Problem('validation-failed', 'The request breaks a rule; errors says which.', {
            errors: [{ path: '/since', message: 'before until, and in the past' }],
          });
        }
        const made = await insertRecovery(db, { subscriptionId, since, until, ratePerSecond });
        await context.audit('recovery.start', made.id, { subscriptionId, since, until, ratePerSecond });
        context.afterCommit(() => control.start(made.id));
        return { status: 202, body: made };
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
        subscriptionId: z.string().max(64).optional(),
        status: z.enum(RECOVERY_STATUSES).optional(),
      }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(recovery) } },
      async handle({ db, principal, query }) {
        return {
          status: 200,
          body: await listRecoveries(db, scopeOf(principal), query, pageRequest(query, isUuidKey)),
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
      description: 'Nothing more is retried; what was retried by then goes on. One that has ended stays as it is.',
      tag: 'Recoveries',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({}),
      answers: { 202: { description: 'As it is now', schema: recovery } },
      problems: ['not-found'],
      async handle(context) {
        const { id, status } = await find(context);
        await closeRecovery(context.db, id, 'cancelled');
        await context.audit('recovery.cancel', id, { was: status });
        context.afterCommit(() => control.cancel(id));
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
