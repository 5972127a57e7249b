import { z } from 'zod';
import type { NotificationRef } from '../../domain/delivery';
import { notFound, Problem } from '../../domain/problems';
import { HTTP_METHODS, NOTIFICATION_STATUSES, type Notification } from '../../domain/types';
import { attemptsOf, findAttempt } from '../../store/notifications/attempts';
import { findNotification, listNotifications, type NotificationFilter } from '../../store/notifications/notifications';
import { findSubscription } from '../../store/subscriptions/subscriptions';
import { scopeOf } from '../auth/auth';
import type { NotificationControl } from '../ports';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import {
  eventTypeName,
  givenId,
  isUuidKey,
  pageOf,
  pageQuery,
  pageRequest,
  searchText,
  timestamp,
  timestampInput,
} from '../schemas/schemas';
import { cancelNotification } from '../../store/notifications/transitions';
import { attemptError, notificationSchema } from '../schemas/notification';
import { markDue, reopenNotification } from '../../store/notifications/reopen';
import { findRef } from '../../store/notifications/notification-refs';

const attempt = z
  .object({
    id: z.string(),
    notificationId: z.string(),
    number: z.int(),
    trigger: z.enum(['scheduled', 'manual']),
    startedAt: timestamp,
    finishedAt: timestamp,
    durationMs: z.int(),
    status: z.int().nullable().describe('Of the response; null where there was none.'),
    error: attemptError.nullable(),
    workflowId: z.string(),
  })
  .meta({ id: 'Attempt' });

const attemptDetail = attempt.extend({
  request: z.object({
    method: z.enum(HTTP_METHODS),
    url: z.string(),
    headers: z.record(z.string(), z.string()).describe('As sent; values that are likely secrets are masked.'),
    body: z.string().nullable(),
  }),
  response: z
    .object({
      status: z.int(),
      headers: z.record(z.string(), z.string()),
      body: z.string().describe('At most the first 16 KiB.'),
      truncated: z.boolean(),
    })
    .nullable(),
});

const detail = notificationSchema.extend({
  attempts: z.array(attempt),
  live: z
    .object({ phase: z.enum(['delivering', 'waiting', 'held']), attempt: z.int(), nextAttemptAt: timestamp.nullable() })
    .nullable()
    .describe('Read from the workflow while it runs.'),
});

const filter = {
  status: z
    .string()
    .transform((text, context) => {
      const statuses = z.array(z.enum(NOTIFICATION_STATUSES)).safeParse(text.split(','));
      if (statuses.success) return statuses.data;
      context.addIssue({ code: 'custom', message: `one or several of ${NOTIFICATION_STATUSES.join(', ')}` });
      return z.NEVER;
    })
    .meta({ type: 'string' })
    .describe(`One, or several with commas between: ${NOTIFICATION_STATUSES.join(', ')}.`)
    .optional(),
  eventId: z.string().min(1).max(128).optional(),
  q: searchText.describe('The id of a notification or an event.').optional(),
  type: eventTypeName.optional(),
  since: timestampInput.optional().describe('Accepted at or after.'),
  until: timestampInput.optional().describe('Accepted before.'),
};
const params = z.object({ id: z.string() });
const MAX_AT_ONCE = 200;
const retryResult = z.object({
  id: z.string(),
  retried: z.boolean(),
  status: z.enum(NOTIFICATION_STATUSES).nullable().describe('As it is now; null where it was not retried.'),
  code: z.string().nullable().describe('Of the problem, where it was not.'),
  detail: z.string().nullable(),
});

/** Exception management: what failed, why, what happens next, and what to do about it. */
export function notificationRoutes(control: NotificationControl): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/notifications',
      summary: 'List notifications',
      tag: 'Notifications',
      roles: CUSTOMER_READERS,
      query: z.strictObject({
        ...pageQuery,
        ...filter,
        customerId: givenId.optional(),
        subscriptionId: z.string().max(64).optional(),
      }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(notificationSchema) } },
      handle: (context) => list(context, context.query),
    }),
    route({
      method: 'get',
      path: '/v1/subscriptions/:id/notifications',
      summary: "List a subscription's notifications",
      tag: 'Notifications',
      roles: CUSTOMER_READERS,
      params,
      query: z.strictObject({ ...pageQuery, ...filter }),
      answers: { 200: { description: 'A page, newest first', schema: pageOf(notificationSchema) } },
      problems: ['not-found'],
      async handle(context) {
        const { id } = context.params;
        if (!(await findSubscription(context.db, id, scopeOf(context.principal)))) throw notFound('subscription');
        return list(context, { ...context.query, subscriptionId: id });
      },
    }),
    // Before those of one, since `retry` could be taken for an id.
    route({
      method: 'post',
      path: '/v1/notifications/retry',
      summary: 'Retry several now',
      description:
        'Each as by its own retry; one that cannot be retried does not keep the others from it. For all that failed of a subscription there is `recover`.',
      tag: 'Notifications',
      roles: CUSTOMER_WRITERS,
      body: z.strictObject({
        ids: z.array(z.string().max(64)).min(1).max(MAX_AT_ONCE),
        force: z.boolean().default(false).describe('Deliver again what was delivered.'),
      }),
      answers: {
        200: { description: 'What came of each, in order', schema: z.object({ results: z.array(retryResult) }) },
      },
      async handle(context) {
        const results: z.input<typeof retryResult>[] = [];
        const refs: NotificationRef[] = [];
        for (const id of context.body.ids) {
          try {
            const { notification, ref } = await retry(context, id, context.body.force);
            refs.push(ref);
            results.push({ id, retried: true, status: notification.status, code: null, detail: null });
          } catch (error) {
            if (!(error instanceof Problem)) throw error;
            results.push({ id, retried: false, status: null, code: error.code, detail: error.detail });
          }
        }
        // All at once: one after the other, the last would wait for the signals of all before it.
        context.afterCommit(async () => void (await Promise.all(refs.map((ref) => control.retry(ref)))));
        return { status: 200, body: { results } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/notifications/:id',
      summary: 'Get a notification with its attempts and what happens next',
      tag: 'Notifications',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The notification', schema: detail } },
      problems: ['not-found'],
      async handle(context) {
        const notification = await find(context, context.params.id);
        const runs = !['delivered', 'failed', 'cancelled'].includes(notification.status);
        const [attempts, live] = await Promise.all([
          attemptsOf(context.db, notification.id),
          runs ? control.live(notification.id) : null,
        ]);
        return { status: 200, body: { ...notification, attempts, live } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/attempts/:id',
      summary: 'Get an attempt with its request and response',
      tag: 'Notifications',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The attempt', schema: attemptDetail } },
      problems: ['not-found'],
      async handle({ db, principal, params: { id } }) {
        const found = await findAttempt(db, id, scopeOf(principal));
        if (!found) throw notFound('attempt');
        return { status: 200, body: found };
      },
    }),
    route({
      method: 'post',
      path: '/v1/notifications/:id/retry',
      summary: 'Retry now',
      description:
        'A waiting notification is attempted at once. A failed or cancelled one walks the ladder again, in a new run of its workflow; a delivered one only with `force`.',
      tag: 'Notifications',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({ force: z.boolean().default(false).describe('Deliver again what was delivered.') }),
      answers: { 202: { description: 'Under way', schema: notificationSchema } },
      problems: ['not-found', 'already-delivered', 'notification-held'],
      async handle(context) {
        const { notification, ref } = await retry(context, context.params.id, context.body.force);
        context.afterCommit(() => control.retry(ref));
        return { status: 202, body: notification };
      },
    }),
    route({
      method: 'post',
      path: '/v1/notifications/:id/cancel',
      summary: 'Cancel',
      description:
        'Ends the ladder. An attempt under way is finished and recorded. A closed notification stays as it is.',
      tag: 'Notifications',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({}),
      answers: { 202: { description: 'As it is now', schema: notificationSchema } },
      problems: ['not-found'],
      async handle(context) {
        const {
          db,
          params: { id },
          audit,
          afterCommit,
        } = context;
        const before = await find(context, id);
        await cancelNotification(db, id);
        await audit('notification.cancel', id, { was: before.status });
        afterCommit(() => control.cancel(id));
        return { status: 202, body: await find(context, id) };
      },
    }),
  ];
}

/**
 * Writes down that it is due; what is to be signalled after the commit is for the caller.
 *
 * @throws Problem not-found, already-delivered, notification-held: before anything is changed
 */
async function retry(
  context: Context,
  id: string,
  force: boolean,
): Promise<{ notification: Notification; ref: NotificationRef }> {
  const { db, audit } = context;
  const notification = await find(context, id);
  if (notification.status === 'delivered' && !force)
    throw new Problem('already-delivered', 'Send {"force": true} to deliver it again.');
  if (notification.status === 'held')
    throw new Problem('notification-held', 'It goes on when its subscription takes deliveries again.');
  const ref = (await reopenNotification(db, id)) ?? (await findRef(db, id));
  if (!ref) throw new Problem('not-found', 'The subscription of this notification was deleted.');
  await markDue(db, id);
  await audit('notification.retry', id, { was: notification.status, force });
  return { notification: await find(context, id), ref };
}

async function list(
  { db, principal }: Context,
  query: Omit<NotificationFilter, 'eventType' | 'statuses'> & {
    type?: string;
    status?: NotificationFilter['statuses'];
    limit: number;
    cursor?: string;
  },
) {
  const { type, status, ...rest } = query;
  return {
    status: 200,
    body: await listNotifications(
      db,
      scopeOf(principal),
      { ...rest, statuses: status, eventType: type },
      pageRequest(query, isUuidKey),
    ),
  };
}

async function find({ db, principal }: Context, id: string): Promise<Notification> {
  const notification = await findNotification(db, id, scopeOf(principal));
  if (!notification) throw notFound('notification');
  return notification;
}
