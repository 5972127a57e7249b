import { z } from 'zod';
import { tenantOf } from '../../domain/fairness';
import { notFound } from '../../domain/problems';
import { lockAllowlist } from '../../store/catalog/allowlist';
import { findCustomer } from '../../store/catalog/customers';
import { scopeOf } from '../auth/auth';
import { refuseFaultyTransforms } from '../composing/refuse-transforms';
import { CUSTOMER_WRITERS } from '../http/roles';
import { route, type Route } from '../http/route';
import type { Composer } from '../ports';
import { setUpCustomer } from '../schemas/customer-schemas';
import { givenId } from '../schemas/schemas';
import { newSettingsSchema, subscriptionSchema } from '../schemas/subscription-schemas';
import { setUp } from '../subscriptions/set-up';
import type { SubscriptionService } from '../subscriptions/subscription-service';

const MAX_SUBSCRIPTIONS_PER_CALL = 200;

const listed = newSettingsSchema.extend({
  productId: givenId.nullish().describe('Product whose events it gets. Cannot change after creation.'),
  secret: newSettingsSchema.shape.secret.describe(
    'The signing secret. Generated for a new subscription if absent. Another secret than the current one replaces it, and the current one signs too for a day.',
  ),
});

const names = z.array(z.string());
const planSchema = z
  .object({ create: names, update: names, remove: names })
  .describe('With `dryRun`: the names of the subscriptions that would change.');

/** Sets up a customer and all of its subscriptions in one call. */
export function setUpRoute(service: SubscriptionService, composer: Composer): Route {
  return route({
    method: 'put',
    path: '/v1/customers/:id/subscriptions',
    summary: 'Set up a customer with all of its subscriptions',
    description:
      'Matches subscriptions by `name`. Creates new ones, replaces the settings of existing ones (absent fields get their defaults) and deletes those that are not listed. What is so already does not change. With `customer`, a customer that does not exist is created. If anything is invalid, nothing changes. With `dryRun`, nothing changes either, and the answer says what would.',
    tag: 'Subscriptions',
    roles: CUSTOMER_WRITERS,
    params: z.object({ id: z.string() }),
    body: z.strictObject({
      customer: setUpCustomer.optional(),
      subscriptions: z
        .array(listed)
        .max(MAX_SUBSCRIPTIONS_PER_CALL)
        .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'names must be unique'),
      dryRun: z.boolean().default(false).describe('Checks the request and writes nothing.'),
    }),
    answers: {
      200: {
        description: 'The subscriptions in the order of the request; new ones with their secret',
        schema: z.union([z.object({ items: z.array(subscriptionSchema) }), planSchema]),
      },
    },
    problems: [
      'not-found',
      'unknown-event-type',
      'capability-required',
      'unknown-product',
      'fixed-after-creation',
      'invalid-transform',
      'quota-exceeded',
      'feature-disabled',
    ],
    async beforeTransaction(context) {
      const { body, db, principal, params } = context;
      const found = await findCustomer(db, params.id, scopeOf(principal));
      if (!found && (!body.customer || principal.role === 'customer')) throw notFound('customer');
      const tenant = found?.id ?? tenantOf(principal);
      await context.admit('setUps', tenant);
      const placed = body.subscriptions.map(({ transform }, index) => ({
        transform,
        path: `/subscriptions/${index}/transform`,
      }));
      await refuseFaultyTransforms(composer, placed, tenant);
    },
    async handle(context) {
      const { body, db, params } = context;
      await lockAllowlist(db, 'shared');
      if (!body.dryRun) return { status: 200, body: { items: (await setUp(service, context, params.id, body)).items } };
      // A dry run is the same work, undone.
      await db.query({ text: 'savepoint dry_run' });
      const { plan } = await setUp(service, { ...context, afterCommit: () => undefined }, params.id, body);
      await db.query({ text: 'rollback to savepoint dry_run' });
      return { status: 200, body: plan };
    },
  });
}
