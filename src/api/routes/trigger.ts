import { z } from 'zod';
import { newUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import type { Metrics } from '../../process/metrics';
import { findNotification } from '../../store/notifications/notifications';
import { acceptTriggered } from '../../store/notifications/trigger';
import type { SchemaChecks } from '../events/schema-checks';
import type { NotificationLauncher } from '../ports';
import { CUSTOMER_WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { eventTypeName, jsonObject } from '../schemas/schemas';
import { searchItems } from '../../domain/search-keys';
import { headStartDelivery } from '../../domain/head-start';
import { timestampAt } from '../../domain/timestamp';
import { isChosenByCustomer, typeOf, sampleData } from '../composing/sample-data';
import { notificationSchema } from '../schemas/notification';
import { subscriptionOf } from '../subscriptions/lookup';

/** Trigger Now: sends one event to one subscription in the same way as a real event. */
export function triggerRoutes({
  launcher,
  metrics,
  schemaChecks,
}: {
  launcher: NotificationLauncher;
  metrics: Metrics;
  schemaChecks: SchemaChecks;
}): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/subscriptions/:id/trigger',
      summary: 'Trigger a subscription now',
      description:
        'Sends the sample of an event type, or the given data, to this subscription only. It is signed, recorded and retried like any event. Without `type`, the first event type that the subscription lists is used, or else the first that its patterns match.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params: z.object({ id: z.string() }),
      body: z.strictObject({
        type: eventTypeName.optional(),
        data: jsonObject.optional().describe("Must match the schema of the event type. Default: the type's sample."),
      }),
      answers: { 202: { description: 'The new notification', schema: notificationSchema } },
      problems: ['not-found', 'unknown-event-type', 'product-disabled', 'data-breaks-schema', 'too-many-requests'],
      answerIsOpen: true,
      async handle(context) {
        const subscription = await subscriptionOf(context, context.params.id);
        await context.admit('triggers', subscription.customerId);
        if (!launcher.hasRoom(subscription.customerId, 1)) {
          metrics.startQueueRefused.inc();
          throw new Problem(
            'too-many-requests',
            'Too many notifications of this customer wait to be started. Nothing was triggered; retry later.',
            { headers: { 'retry-after': '5' } },
          );
        }
        const type = await typeOf(context, subscription.id, context.body.type);
        if (!type.productEnabled)
          throw new Problem(
            'product-disabled',
            'The product is disabled. An admin enables it with PATCH /v1/products/:id.',
          );
        const data = await sampleData(schemaChecks, context, type, context.body.data);
        const event = {
          uuid: newUuid(),
          productId: type.productId,
          type: type.name,
          timestamp: timestampAt(new Date()),
          data,
          searchItems: searchItems(type.searchKeys, data),
          chosenByCustomer: isChosenByCustomer(context, context.body.data),
          traceparent: context.traceparent,
        };
        const claimedAt = performance.now();
        const notification = await acceptTriggered(context.db, event, subscription.id, launcher.processId);
        if (!notification) throw notFound('subscription');
        const { notificationId } = notification;
        const { id, customerId, productId } = subscription;
        const detail = { type: type.name, notificationId };
        await context.audit('subscription.trigger', id, { customerId, productId, detail });
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
