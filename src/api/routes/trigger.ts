import { z } from 'zod';
import { newUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import type { Metrics } from '../../process/metrics';
import { headStartDelivery } from '../../store/notifications/accept';
import { findTypeOfSubscription, type TriggerableType } from '../../store/catalog/event-types';
import { findDefinition } from '../../store/catalog/service-definitions';
import { findNotification } from '../../store/notifications/notifications';
import { acceptTriggered } from '../../store/notifications/trigger';
import { scopeOf } from '../auth/auth';
import { compileSchema } from '../events/json-schema';
import type { Launcher } from '../ports';
import { CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import { eventTypeName, jsonObject } from '../schemas/schemas';
import { notificationSchema } from './notifications';
import { subscriptionOf } from './subscriptions';

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

/** The type that a sample is to be of. @throws Problem unknown-event-type */
export async function typeOf(
  context: Context,
  subscriptionId: string,
  name: string | undefined,
): Promise<TriggerableType> {
  const type = await findTypeOfSubscription(context.db, subscriptionId, scopeOf(context.principal), name);
  if (!type) {
    const message =
      name === undefined ? 'the subscription gets none that is in the catalog' : 'the subscription does not get it';
    throw new Problem('unknown-event-type', `There is no such event type to trigger: ${message}.`, {
      errors: [{ path: '/type', message }],
    });
  }
  return type;
}

/**
 * What is to be sent: the given data, or else the type's sample. Where a service definition looks the data up, a customer may not choose it: it would
 * read the rows of others.
 *
 * @returns JSON text
 * @throws Problem data-breaks-schema, also where the sample is nothing that an event could hold; forbidden
 */
export async function sampleData(
  { db, principal, written }: Pick<Context, 'db' | 'principal' | 'written'>,
  type: TriggerableType,
  given: object | undefined,
): Promise<string> {
  if (given && principal.role === 'customer' && (await findDefinition(db, type.name))?.steps.length)
    throw new Problem('forbidden', `What is sent of ${type.name} is looked up: leave data out, to use its sample.`);
  return checkedData(type, given, given ? written()?.at('data') : type.sample?.at());
}

function checkedData(
  { name, schema, sample }: TriggerableType,
  given: object | undefined,
  written: string | undefined,
): string {
  const data = jsonObject.safeParse(given ?? sample?.value() ?? {});
  const errors = data.success
    ? schema
      ? compileSchema(schema)(data.data)
      : []
    : [{ path: '', message: 'expected an object' }];
  if (errors.length > 0) {
    const detail = given
      ? `The data is not as the schema of ${name} has it.`
      : `${name} has no sample that can be sent: give data.`;
    throw new Problem('data-breaks-schema', detail, {
      errors: errors.map(({ path, message }) => ({ path: `/data${path}`, message })),
    });
  }
  return written ?? JSON.stringify(data.data);
}
