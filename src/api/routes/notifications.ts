import { z } from 'zod';
import { isUuid } from '../../domain/ids';
import { notFound } from '../../domain/problems';
import { responseStatuses } from '../../domain/recovery';
import { ATTEMPT_ERROR_CLASSES, isClosed, NOTIFICATION_STATUSES } from '../../domain/types';
import { attemptsOf, findAttempt } from '../../store/notifications/attempts';
import { findNotification, listNotifications, type NotificationFilter } from '../../store/notifications/notifications';
import { findSubscription } from '../../store/subscriptions/subscriptions';
import { scopeOf } from '../auth/auth';
import { withinSegment } from '../auth/own-products';
import type { NotificationControl } from '../ports';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import {
  commaList,
  eventTypeName,
  givenId,
  idFilter,
  pageOf,
  pageQuery,
  pageRequest,
  searchText,
  segmentFilter,
  timestampInput,
} from '../schemas/schemas';
import { responseStatusText } from '../schemas/recovery-schemas';
import { attemptDetailSchema, notificationDetailSchema, notificationSchema } from '../schemas/notification';
import { shownAttempt } from '../subscriptions/private-settings';
import { cancel, notificationOf, retry, signalRetry } from '../notifications/retry';

const responseStatus = responseStatusText.transform(responseStatuses);

const filter = {
  status: commaList(NOTIFICATION_STATUSES).optional().describe('One or more statuses, separated by commas.'),
  responseStatus: responseStatus
    .optional()
    .describe(
      'Only notifications whose last response had this status, such as `503`, or one of a class, such as `5xx`.',
    ),
  errorClass: commaList(ATTEMPT_ERROR_CLASSES)
    .optional()
    .describe('Only notifications whose last attempt failed with one of these classes, separated by commas.'),
  eventId: idFilter.optional(),
  recoveryId: idFilter.optional().describe('Only notifications that a recovery has retried or cancelled.'),
  q: searchText
    .describe(
      'The id of a notification or an event, the beginning of a generated one, or the value of a search key of the event type, also as `path:value`. A value finds the notifications of the newest 200 events that have it.',
    )
    .optional(),
  type: eventTypeName.optional(),
  since: timestampInput.optional().describe('Only notifications accepted at or after this time.'),
  until: timestampInput.optional().describe('Only notifications accepted before this time.'),
  finishedSince: timestampInput
    .optional()
    .describe('Only notifications that were delivered, failed or cancelled at or after this time.'),
};
const params = z.object({ id: z.string() });
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
        segment: segmentFilter,
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
    route({
      method: 'get',
      path: '/v1/notifications/:id',
      summary: 'Get a notification with its attempts and its current state',
      tag: 'Notifications',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The notification', schema: notificationDetailSchema } },
      problems: ['not-found'],
      async handle(context) {
        const notification = await notificationOf(context, context.params.id);
        const [attempts, live] = await Promise.all([
          attemptsOf(context.db, notification.id),
          isClosed(notification.status) ? null : control.live(notification.id),
        ]);
        // A workflow that waits in a line does not notice that the limit has changed.
        const isWaiting = live?.phase === 'waiting' && notification.nextAttemptAt !== null;
        const now = isWaiting ? { ...live, nextAttemptAt: notification.nextAttemptAt } : live;
        return { status: 200, body: { ...notification, attempts, live: now } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/attempts/:id',
      summary: 'Get an attempt with its request and response',
      tag: 'Notifications',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The attempt', schema: attemptDetailSchema } },
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
        'A waiting notification is attempted immediately, and so is a held one whose subscription takes deliveries again. A failed or cancelled one starts a new ladder, in a new run of its workflow. A delivered one is retried only with `force`, and stays known as delivered: `deliveredAt` is kept, and if the retry fails or is cancelled, the status is `delivered` again. A retry that is asked for while another manual attempt is made has no further effect.',
      tag: 'Notifications',
      roles: CUSTOMER_WRITERS,
      answerIsOpen: true,
      params,
      body: z.strictObject({ force: z.boolean().default(false).describe('Also retry a delivered notification.') }),
      answers: { 202: { description: 'The retry was requested', schema: notificationSchema } },
      problems: ['not-found', 'already-delivered', 'notification-held', 'payload-expired'],
      async handle(context) {
        const retried = await retry(context, context.params.id, context.body.force);
        context.afterCommit(() => signalRetry(control, retried));
        return { status: 202, body: retried.notification };
      },
    }),
    route({
      method: 'post',
      path: '/v1/notifications/:id/cancel',
      summary: 'Cancel a notification',
      description:
        'Makes no further attempts. An attempt in progress is completed and recorded. A closed notification does not change. One that was delivered before a forced retry is `delivered` again.',
      tag: 'Notifications',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({}),
      answers: { 202: { description: 'The notification', schema: notificationSchema } },
      problems: ['not-found'],
      async handle(context) {
        const { notification, openedAt } = await cancel(context, context.params.id);
        context.afterCommit(() => control.cancel(notification.id, openedAt));
        return { status: 202, body: notification };
      },
    }),
  ];
}

async function list(
  { db, principal }: Context,
  query: Omit<NotificationFilter, 'eventType' | 'statuses' | 'errorClasses'> & {
    type?: string;
    segment?: string;
    status?: NotificationFilter['statuses'];
    errorClass?: NotificationFilter['errorClasses'];
    limit: number;
    cursor?: string;
  },
) {
  const { type, segment, status, errorClass, ...rest } = query;
  const filter = { ...rest, statuses: status, errorClasses: errorClass, eventType: type };
  const scope = await withinSegment(db, scopeOf(principal), segment);
  return { status: 200, body: await listNotifications(db, scope, filter, pageRequest(query, isUuid)) };
}
