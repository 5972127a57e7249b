import { z } from 'zod';
import { MAX_COMPOSE_MS, type Composition } from '../../domain/composing';
import { buildBody, buildComposedBody, type FormatContext } from '../../domain/formats';
import { encodeId, newUuid } from '../../domain/ids';
import { notFound } from '../../domain/problems';
import { HTTP_METHODS } from '../../domain/types';
import type { Sealer } from '../../store/db/crypto';
import { findDeliverySubscription, type DeliverySubscription } from '../../store/notifications/delivery-subscription';
import { answeringComposeErrors } from '../composing/composing-problems';
import { refuseFaultyTransforms } from '../composing/refuse-transforms';
import { transformSchema } from '../schemas/composing-schemas';
import type { SchemaChecks } from '../events/schema-checks';
import type { Composer } from '../ports';
import { CUSTOMER_WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import { eventTypeName, jsonObject } from '../schemas/schemas';
import { isChosenByCustomer, sampleData, typeOf } from '../composing/sample-data';
import { subscriptionOf } from '../subscriptions/lookup';

/** Dependencies of the dry run. */
interface TransformDeps {
  composer: Composer;
  schemaChecks: SchemaChecks;
  sealer: Sealer;
  /** The base URL of the API. */
  publicUrl(): string;
}

/** Shows what would be sent to a subscription. */
export function transformRoutes({ composer, schemaChecks, sealer, publicUrl }: TransformDeps): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/subscriptions/:id/transform/dry-run',
      summary: 'Dry-run a transform',
      description:
        'Returns the body that would be sent to this subscription for a sample, after service definition, transform and format. Nothing is saved or sent. Without `type`, the first event type that the subscription lists is used, or else the first that its patterns match.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params: z.object({ id: z.string() }),
      body: z.strictObject({
        type: eventTypeName.optional(),
        data: jsonObject.optional().describe("Must match the schema of the event type. Default: the type's sample."),
        transform: transformSchema
          .nullable()
          .optional()
          .describe("The transform to try; null for none. Default: the subscription's transform."),
      }),
      answers: {
        200: {
          description: 'The result',
          schema: z.object({
            type: eventTypeName,
            method: z.enum(HTTP_METHODS),
            body: z
              .string()
              .nullable()
              .describe('The body that would be sent, with the secret masked; null for a GET.'),
          }),
        },
      },
      problems: [
        'not-found',
        'unknown-event-type',
        'data-breaks-schema',
        'invalid-transform',
        'not-composed',
        'data-source-unavailable',
        'too-many-requests',
      ],
      // The handler waits for data sources outside any transaction.
      ownTransaction: true,
      async handle(context) {
        const { body } = context;
        const { id, customerId } = await subscriptionOf(context, context.params.id);
        await context.admit('dryRuns', customerId);
        const type = await typeOf(context, id, body.type);
        const data = await sampleData(schemaChecks, context, type, body.data);
        const placed = [{ transform: body.transform, path: '/transform' }];
        await refuseFaultyTransforms(composer, placed, customerId, id);
        const saved = await findDeliverySubscription(context.db, id, type.name);
        if (!saved) throw notFound('subscription');
        const subscription = { ...saved, transform: body.transform === undefined ? saved.transform : body.transform };
        const now = new Date();
        const facts = { id: encodeId('evt', newUuid()), type: type.name, productId: type.productId };
        const event = {
          ...facts,
          timestamp: now.toISOString(),
          data,
          user: null,
          channels: [],
          chosenByCustomer: isChosenByCustomer(context, body.data),
        };
        const secret = sealer.open(saved.secrets[0]!, id);
        const apiUrl = `${publicUrl()}/v1/subscriptions/${id}`;
        const shown = await shownBody(composer, { event, subscription, apiUrl, secret, now });
        const { method } = subscription;
        return { status: 200, body: { type: type.name, method, body: method === 'GET' ? null : shown } };
      },
    }),
  ];
}

async function shownBody(
  composer: Composer,
  context: FormatContext & { event: Composition['event']; subscription: DeliverySubscription },
): Promise<string> {
  const { event, subscription, secret } = context;
  const { id, customerId, definition, transform, format } = subscription;
  if (!definition && !transform) {
    const { shown, text } = buildBody(format, context);
    return shown ?? text;
  }
  const owner = { customer: customerId, subscription: id };
  const composition: Composition = {
    event,
    customerId,
    definition,
    transform,
    owner,
    secret: () => (subscription.sharesSecret ? secret : null),
  };
  const composed = await answeringComposeErrors(() => composer.compose(composition, MAX_COMPOSE_MS));
  const { shown, text } = buildComposedBody(format, context, composed);
  return shown ?? text;
}
