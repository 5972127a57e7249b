import { z } from 'zod';
import { isUuid } from '../../domain/ids';
import type { NotificationRef } from '../../domain/delivery';
import { notFound, Problem } from '../../domain/problems';
import { HTTP_METHODS, isClosed, NOTIFICATION_STATUSES, type Notification } from '../../domain/types';
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
  idFilter,
  pageOf,
  pageQuery,
  pageRequest,
  searchText,
  timestamp,
  timestampInput,
} from '../schemas/schemas';
import { requestCancel } from '../../store/notifications/transitions';
import { attemptError, notificationSchema } from '../schemas/notification';
import { shownAttempt } from '../subscriptions/private-settings';
import { isPayloadExpired, markDue, reopenNotification } from '../../store/notifications/reopen';
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
    status: z.int().nullable().describe('HTTP status of the response; null if there was none.'),
    error: attemptError.nullable(),
    workflowId: z.string(),
  })
  .meta({ id: 'Attempt' });

const attemptDetail = attempt.extend({
  payloadExpired: z.boolean().describe('Whether headers or bodies were removed because their retention is over.'),
  request: z.object({
    method: z.enum(HTTP_METHODS),
    url: z.string(),
    headers: z.record(z.string(), z.string()).describe('As sent, but values that are likely secrets are masked.'),
    body: z.string().nullable().describe('As sent, but secrets are masked; null if there was no body.'),
  }),
  response: z
    .object({
      status: z.int(),
      headers: z.record(z.string(), z.string()),
      body: z.string().describe('The first 16 KiB of the body.'),
      truncated: z.boolean(),
    })
    .nullable(),
});

const detail = notificationSchema.extend({
  attempts: z.array(attempt),
  live: z
    .object({ phase: z.enum(['delivering', 'waiting', 'held']), attempt: z.int(), nextAttemptAt: timestamp.nullable() })
    .nullable()
    .describe('The current state, read from the running workflow; null if it is not available.'),
});

const filter = {
  status: z
    .string()
    .transform((text, context) => {
      const statuses = z.array(z.enum(NOTIFICATION_STATUSES)).safeParse(text.split(','));
      if (statuses.success) return statuses.data;
      context.addIssue({ code: 'custom', message: `expected a list of ${NOTIFICATION_STATUSES.join(', ')}` });
      return z.NEVER;
    })
    .meta({ type: 'string' })
    .describe(`One or more statuses, separated by commas: ${NOTIFICATION_STATUSES.join(', ')}.`)
    .optional(),
  eventId: idFilter.optional(),
  q: searchText.describe('The exact id of a notification or an event.').optional(),
  type: eventTypeName.optional(),
  since: timestampInput.optional().describe('Only notifications accepted at or after this time.'),
  until: timestampInput.optional().describe('Only notifications accepted before this time.'),
};
const params = z.object({ id: z.string() });
const MAX_RETRIES_PER_CALL = 200;
const retryResult = z.object({
  id: z.string(),
  retried: z.boolean(),
  status: z.enum(NOTIFICATION_STATUSES).nullable().describe('The new status; null if it was not retried.'),
  code: z.string().nullable().describe('Code of the problem; null if it was retried.'),
  detail: z.string().nullable().describe('Detail of the problem; null if it was retried.'),
});

/** Reading, retrying and cancelling notifications. */
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
        subscriptionId: idFilter.optional(),
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
    // Before the routes with `:id`, because Express would take `retry` for an id.
    route({
      method: 'post',
      path: '/v1/notifications/retry',
      summary: 'Retry several notifications now',
      description:
        'Has the same effect as retrying each notification separately. One that cannot be retried does not affect the others. To retry all failed notifications of a subscription, use `POST /v1/subscriptions/:id/recover`.',
      tag: 'Notifications',
      roles: CUSTOMER_WRITERS,
      body: z.strictObject({
        ids: z.array(z.string().max(64)).min(1).max(MAX_RETRIES_PER_CALL),
        force: z.boolean().default(false).describe('Also retry delivered notifications.'),
      }),
      answers: {
        200: { description: 'The results, in order', schema: z.object({ results: z.array(retryResult) }) },
      },
      async handle(context) {
        const results: z.input<typeof retryResult>[] = [];
        const retries: Retry[] = [];
        for (const id of context.body.ids) {
          try {
            const retried = await retry(context, id, context.body.force);
            retries.push(retried);
            results.push({ id, retried: true, status: retried.notification.status, code: null, detail: null });
          } catch (error) {
            if (!(error instanceof Problem)) throw error;
            results.push({ id, retried: false, status: null, code: error.code, detail: error.detail });
          }
        }
        // Concurrently, so that the last notification does not wait for the signals of all others.
        context.afterCommit(
          async () => void (await Promise.all(retries.map(({ ref, reopened }) => control.retry(ref, { reopened })))),
        );
        return { status: 200, body: { results } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/notifications/:id',
      summary: 'Get a notification with its attempts and its current state',
      tag: 'Notifications',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The notification', schema: detail } },
      problems: ['not-found'],
      async handle(context) {
        const notification = await find(context, context.params.id);
        const [attempts, live] = await Promise.all([
          attemptsOf(context.db, notification.id),
          isClosed(notification.status) ? null : control.live(notification.id),
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
      async handle({ db, principal, params: { id }, tally }) {
        const found = await findAttempt(db, id, scopeOf(principal));
        if (!found) throw notFound('attempt');
        const { customerId, productId } = (await findNotification(db, found.notificationId, {})) ?? {};
        tally('attempt.read', id, { customerId, productId });
        return { status: 200, body: shownAttempt(principal, found) };
      },
    }),
    route({
      method: 'post',
      path: '/v1/notifications/:id/retry',
      summary: 'Retry a notification now',
      description:
        'A waiting notification is attempted immediately. A failed or cancelled one starts a new ladder, in a new run of its workflow. A delivered one is retried only with `force`.',
      tag: 'Notifications',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({ force: z.boolean().default(false).describe('Also retry a delivered notification.') }),
      answers: { 202: { description: 'The retry was requested', schema: notificationSchema } },
      problems: ['not-found', 'already-delivered', 'notification-held', 'payload-expired'],
      async handle(context) {
        const { notification, ref, reopened } = await retry(context, context.params.id, context.body.force);
        context.afterCommit(() => control.retry(ref, { reopened }));
        return { status: 202, body: notification };
      },
    }),
    route({
      method: 'post',
      path: '/v1/notifications/:id/cancel',
      summary: 'Cancel a notification',
      description:
        'Makes no further attempts. An attempt in progress is completed and recorded. A closed notification does not change.',
      tag: 'Notifications',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({}),
      answers: { 202: { description: 'The notification', schema: notificationSchema } },
      problems: ['not-found'],
      async handle(context) {
        const { db, audit, afterCommit } = context;
        const { id } = context.params;
        const { status: was, customerId, productId } = await find(context, id);
        const { openedAt } = (await requestCancel(db, id))!;
        if (!isClosed(was)) await audit('notification.cancel', id, { customerId, productId, detail: { was } });
        afterCommit(() => control.cancel(id, openedAt));
        return { status: 202, body: await find(context, id) };
      },
    }),
  ];
}

interface Retry {
  notification: Notification;
  ref: NotificationRef;
  /** Whether the record was closed. */
  reopened: boolean;
}

/**
 * Marks a notification as due, reopening it if it is closed. The caller signals its workflow after
 * the commit.
 *
 * @throws Problem not-found, already-delivered, notification-held, before anything is changed
 */
async function retry(context: Context, id: string, force: boolean): Promise<Retry> {
  const { db, audit } = context;
  const notification = await find(context, id);
  if (notification.status === 'delivered' && !force)
    throw new Problem('already-delivered', 'The notification was delivered. Send {"force": true} to deliver it again.');
  if (notification.status === 'held')
    throw new Problem('notification-held', 'The notification is released when its subscription takes deliveries.');
  const isOpen = ['pending', 'delivering', 'retrying'].includes(notification.status);
  if (!isOpen && (await isPayloadExpired(db, id)))
    throw new Problem('payload-expired', 'The data of the event is older than its retention and was removed.');
  const reopened = await reopenNotification(db, id);
  const ref = reopened ?? (await findRef(db, id));
  if (!ref) throw new Problem('not-found', 'The subscription of this notification has been deleted.');
  await markDue(db, id);
  const { status: was, customerId, productId } = notification;
  await audit('notification.retry', id, { customerId, productId, detail: { was, force } });
  return { notification: await find(context, id), ref, reopened: reopened !== undefined };
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
  const filter = { ...rest, statuses: status, eventType: type };
  return { status: 200, body: await listNotifications(db, scopeOf(principal), filter, pageRequest(query, isUuid)) };
}

async function find({ db, principal }: Context, id: string): Promise<Notification> {
  const notification = await findNotification(db, id, scopeOf(principal));
  if (!notification) throw notFound('notification');
  return notification;
}
