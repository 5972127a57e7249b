import { z } from 'zod';
import { MAX_COMPOSE_MS } from '../../domain/composing';
import { encodeId, newUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import type { Customer, EventType } from '../../domain/types';
import { findCustomer } from '../../store/catalog/customers';
import { findEventType } from '../../store/catalog/event-types';
import { findDefinition } from '../../store/catalog/service-definitions';
import { scopeOf } from '../auth/auth';
import { answeringComposeErrors } from '../composing/composing-problems';
import { refuseFaultyTransforms } from '../composing/refuse-transforms';
import { transformSchema } from '../schemas/composing-schemas';
import type { SchemaChecks } from '../events/schema-checks';
import type { Composer } from '../ports';
import { CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import { eventTypeName, jsonObject } from '../schemas/schemas';
import { isChosenByCustomer, sampleData } from '../composing/sample-data';

/** Placeholder for the secret, because the subscription does not exist yet. */
const NO_SECRET = '***';

/** Dry run of a transform before its subscription is created. */
export function transformDraftRoute({
  composer,
  schemaChecks,
}: {
  composer: Composer;
  schemaChecks: SchemaChecks;
}): Route {
  return route({
    method: 'post',
    path: '/v1/customers/:id/transform/dry-run',
    summary: 'Dry-run a transform without a subscription',
    description:
      "Returns what would be sent to a subscription of this customer in place of an event's data, after service definition and transform. Nothing is saved or sent.",
    tag: 'Subscriptions',
    roles: CUSTOMER_WRITERS,
    params: z.object({ id: z.string() }),
    body: z.strictObject({
      type: eventTypeName,
      data: jsonObject.optional().describe("Must match the schema of the event type. Default: the type's sample."),
      transform: transformSchema.nullable().describe('The transform to try; null for none.'),
    }),
    answers: {
      200: {
        description: 'The result',
        schema: z.object({ type: eventTypeName, data: z.string().describe('The result as JSON text.') }),
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
      const { transform } = context.body;
      const customer = await findCustomer(context.db, context.params.id, scopeOf(context.principal));
      if (!customer) throw notFound('customer');
      await context.admit('dryRuns', customer.id);
      const type = await typeFor(context, customer, context.body.type);
      const data = await sampleData(schemaChecks, context, { ...type, productEnabled: true }, context.body.data);
      await refuseFaultyTransforms(composer, [{ transform, path: '/transform' }], customer.id);
      const definition = (await findDefinition(context.db, type.name)) ?? null;
      const facts = { id: encodeId('evt', newUuid()), type: type.name, timestamp: new Date().toISOString() };
      const chosenByCustomer = isChosenByCustomer(context, context.body.data);
      const event = { ...facts, data, user: null, channels: [], chosenByCustomer };
      const composition = { event, customerId: customer.id, definition, transform, secret: () => NO_SECRET };
      const composed = await answeringComposeErrors(() =>
        composer.compose({ ...composition, owner: { customer: customer.id, subscription: 'new' } }, MAX_COMPOSE_MS),
      );
      return { status: 200, body: { type: type.name, data: composed.data } };
    },
  });
}

/**
 * Finds an event type that is not archived and whose events the customer can get.
 *
 * @throws Problem unknown-event-type
 */
async function typeFor({ db, principal }: Context, customer: Customer, name: string): Promise<EventType> {
  const type = await findEventType(db, name, scopeOf(principal));
  const isOwn = type?.productId === (customer.productId ?? type?.productId);
  if (!type || type.archived || !isOwn || !type.requires.every((one) => customer.capabilities.includes(one))) {
    const message = 'the customer cannot get events of this type';
    throw new Problem('unknown-event-type', `The event type cannot be used for this customer: ${message}.`, {
      errors: [{ path: '/type', message }],
    });
  }
  return type;
}
