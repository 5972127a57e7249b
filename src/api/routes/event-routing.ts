import { z } from 'zod';
import { isUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import { NOTIFICATION_STATUSES, ROUTING_RESULTS, SUBSCRIPTION_STATUSES } from '../../domain/types';
import { restrictedEventTypes } from '../../store/catalog/event-types';
import { findEvent } from '../../store/notifications/events';
import { findNotification } from '../../store/notifications/notifications';
import { findOpen, replayEvent } from '../../store/notifications/replay';
import { canReach, listRouting } from '../../store/notifications/routing';
import { lockSubscription } from '../../store/subscriptions/subscriptions';
import { scopeOf } from '../auth/auth';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import type { NotificationLauncher } from '../ports';
import { notificationSchema } from '../schemas/notification';
import { pageOf, pageQuery, pageRequest } from '../schemas/schemas';

const params = z.object({ id: z.string() });

const routed = z
  .object({
    subscriptionId: z.string(),
    name: z.string(),
    customerId: z.string(),
    status: z.enum(SUBSCRIPTION_STATUSES).describe('The status of the subscription now.'),
    result: z
      .enum(ROUTING_RESULTS)
      .describe(
        '`notified`: there is a notification. `created-later`: the subscription was created after the event. `product`: it is for another product. `event-type`: it does not list the type. `channels`: none of its channels is in the event. `capability`: the customer lacks what the type requires. `changed-later`: it matches now, so it was changed after the event.',
      ),
    eventTypes: z.array(z.string()).describe('The event types that the subscription listens to now.'),
    channels: z.array(z.string()).describe('Its channels now. Empty: it gets events of all channels.'),
    missingCapabilities: z
      .array(z.string())
      .describe('The capabilities that the event type requires and the customer lacks.'),
    notification: z
      .object({ id: z.string(), status: z.enum(NOTIFICATION_STATUSES) })
      .nullable()
      .describe('The latest notification of this event for the subscription.'),
  })
  .meta({ id: 'RoutedSubscription' });

/** Which subscriptions an event reached and why, and sending it to one of them again. */
export function eventRoutingRoutes({ launcher }: { launcher: NotificationLauncher }): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/events/:id/routing',
      summary: 'Explain who got an event',
      description:
        "Lists the subscriptions of the event's customer, or of all customers if it names none, and of customers that hear every event of the product, and for each why it got the event or not. Subscriptions are compared as they are now.",
      tag: 'Events',
      roles: CUSTOMER_READERS,
      params,
      query: z.strictObject(pageQuery),
      answers: { 200: { description: 'A page, newest subscription first', schema: pageOf(routed) } },
      problems: ['not-found'],
      async handle(context) {
        const { db, principal, query } = context;
        const page = pageRequest(query, isUuid);
        const { uuid, event } = await eventOf(context);
        const addressed = { uuid, customerId: event.customerId };
        return { status: 200, body: await listRouting(db, addressed, scopeOf(principal), page) };
      },
    }),
    route({
      method: 'post',
      path: '/v1/events/:id/replay',
      summary: 'Send an event to a subscription again',
      description:
        "Creates another notification of the event, also for a subscription that does not match it. The subscription must be one of the event's customer. While a notification of the event for this subscription is open, that one is returned and none is created.",
      tag: 'Events',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({ subscriptionId: z.string() }),
      answers: { 202: { description: 'The notification', schema: notificationSchema } },
      problems: ['not-found', 'unknown-subscription', 'capability-required', 'payload-expired', 'too-many-requests'],
      async handle(context) {
        const { db, principal, body, audit, afterCommit } = context;
        const { uuid, event } = await eventOf(context);
        // Concurrent calls take turns, so that the second one finds the notification of the first.
        const subscription = await lockSubscription(db, body.subscriptionId, scopeOf(principal));
        if (!subscription || !(await canReach(db, uuid, subscription.id)))
          throw new Problem('unknown-subscription', "The event's customer has no such subscription.", {
            errors: [{ path: '/subscriptionId', message: "is no subscription of the event's customer" }],
          });
        const { customerId } = subscription;
        const [restricted] = await restrictedEventTypes(db, [event.type], customerId);
        if (restricted)
          throw new Problem('capability-required', 'The customer may not get events of this type.', {
            errors: [
              { path: '/subscriptionId', message: `${restricted.name} requires ${restricted.missing.join(', ')}` },
            ],
          });
        await context.admit('triggers', customerId);
        const open = await findOpen(db, uuid, subscription.id);
        if (open !== undefined) return { status: 202, body: (await findNotification(db, open, {}))! };
        if (!launcher.hasRoom(customerId, 1))
          throw new Problem('too-many-requests', 'Too many notifications of this customer wait to be started.', {
            headers: { 'retry-after': '5' },
          });
        const claimedAt = performance.now();
        const notification = await replayEvent(db, uuid, subscription.id);
        if (!notification)
          throw new Problem('payload-expired', 'The data of the event is older than its retention and was removed.');
        const { notificationId } = notification;
        await audit('event.replay', event.id, {
          customerId,
          productId: event.productId,
          detail: { subscriptionId: subscription.id, notificationId },
        });
        if (notification.status === 'pending')
          afterCommit(() => launcher.launch([{ notification, delivery: null, claimedAt }]));
        return { status: 202, body: (await findNotification(db, notificationId, {}))! };
      },
    }),
  ];
}

async function eventOf({ db, principal, params: { id } }: Context<{ id: string }>) {
  const found = await findEvent(db, id, scopeOf(principal));
  if (!found) throw notFound('event');
  return found;
}
