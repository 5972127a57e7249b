import { z } from 'zod';
import { newUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import type { Metrics } from '../../process/metrics';
import { findNotification } from '../../store/notifications/notifications';
import { acceptTriggered } from '../../store/notifications/trigger';
import type { Launcher } from '../ports';
import { CUSTOMER_WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { eventTypeName, jsonObject } from '../schemas/schemas';
import { headStartDelivery } from '../../domain/head-start';
import { typeOf, sampleData } from '../composing/sample-data';
import { notificationSchema } from '../schemas/notification';
import { subscriptionOf } from '../subscriptions/lookup';

/** Trigger Now: one event for one subscription, through the real path. */
export function triggerRoutes({ launcher, metrics }: { launcher: Launcher; metrics: Metrics }): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/subscriptions/:id/trigger',
      summary: 'Trigger a subscription now',
      description:
        'Sends the sample of an event type (or the given data) to this subscription only, signed, recorded and retried as any event. Without `type`: the first that the subscription names, or that its patterns cover.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params: z.object({ id: z.string() }),
      body: z.strictObject({
        type: eventTypeName.optional(),
        data: jsonObject.optional().describe("Held against the type's schema. Default: its sample."),
      }),
      answers: { 202: { description: 'The notification', schema: notificationSchema } },
      problems: ['not-found', 'unknown-event-type', 'product-disabled', 'data-breaks-schema', 'too-many-requests'],
      creates: true,
      async handle(context) {
        if (!launcher.hasRoom) {
          throw new Problem('too-many-requests', 'More is accepted than can be started; nothing was triggered.', {
            headers: { 'retry-after': '5' },
          });
        }
        const subscription = await subscriptionOf(context, context.params.id);
        const type = await typeOf(context, subscription.id, context.body.type);
        if (!type.productEnabled)
          throw new Problem('product-disabled', 'An operator enables it (PATCH /v1/products/:id).');
        const data = await sampleData(context, type, context.body.data);
        const event = { uuid: newUuid(), productId: type.productId, type: type.name, timestamp: new Date(), data };
        const claimedAt = performance.now();
        const notification = await acceptTriggered(context.db, event, subscription.id, launcher.processId);
        if (!notification) throw notFound('subscription');
        const { notificationId } = notification;
        await context.audit('subscription.trigger', subscription.id, { type: type.name, notificationId });
        context.afterCommit(() => metrics.accepted.inc());
        if (notification.status === 'pending') {
          const delivery = headStartDelivery({ ...event, channels: [] }, notification);
          context.afterCommit(() => launcher.launch([{ notification, delivery, claimedAt }]));
        }
        return { status: 202, body: (await findNotification(context.db, notificationId, {}))! };
      },
    }),
  ];
}
