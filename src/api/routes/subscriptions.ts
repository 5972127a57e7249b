import { z } from 'zod';
import { notFound, Problem } from '../../domain/problems';
import { ATTEMPT_ERROR_CLASSES, SUBSCRIPTION_STATUSES, type Customer } from '../../domain/types';
import { LosslessJson } from '../../domain/lossless-json';
import { findCustomer } from '../../store/catalog/customers';
import { findProduct } from '../../store/catalog/products';
import { lockAllowlist } from '../../store/catalog/allowlist';
import { readHealth } from '../../store/reporting/health';
import { lockSubscriptionsOf, type SubscriptionSettings } from '../../store/subscriptions/subscriptions';
import { scopeOf } from '../auth/auth';
import { prefixingPointers } from '../http/parse-input';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import { eventTypeName, givenId, pageOf, pageQuery, pageRequest, searchText, timestamp } from '../schemas/schemas';
import { newSettingsSchema, settingsSchema, subscriptionSchema } from '../schemas/subscription-schemas';
import { refuseFaultyTransforms } from '../composing/refuse-transforms';
import type { Composer } from '../ports';
import type { SubscriptionService } from '../subscriptions/subscription-service';
import { subscriptionOf, lockedSubscriptionOf } from '../subscriptions/lookup';
import { mayChangeSubscriptions, type ShownSubscription } from '../subscriptions/private-settings';
import { isSortKey, listSubscriptions } from '../../store/subscriptions/list-subscriptions';

const MAX_SUBSCRIPTIONS_PER_CALL = 200;
const params = z.object({ id: z.string() });
const healthSchema = z.object({
  buckets: z
    .array(z.object({ at: timestamp, successes: z.int(), failures: z.int() }))
    .describe('Attempts per hour over the last day.'),
  lastAttempt: z
    .object({
      at: timestamp,
      responseStatus: z.int().nullable(),
      errorClass: z.enum(ATTEMPT_ERROR_CLASSES).nullable(),
      attemptId: z.string(),
    })
    .nullable(),
});

/** Subscriptions, separately or all of a customer in one call. */
export function subscriptionRoutes(service: SubscriptionService, composer: Composer): Route[] {
  return [
    route({
      method: 'put',
      path: '/v1/customers/:id/subscriptions',
      summary: "Set up all of a customer's subscriptions",
      description:
        'Matches subscriptions by `name`. Creates new ones, replaces the settings of existing ones (absent fields get their defaults) and deletes those that are not listed. If one of them is invalid, nothing changes.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({
        subscriptions: z
          .array(newSettingsSchema)
          .max(MAX_SUBSCRIPTIONS_PER_CALL)
          .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'names must be unique'),
      }),
      answers: {
        200: {
          description: 'The subscriptions in the order of the request; new ones with their secret',
          schema: z.object({ items: z.array(subscriptionSchema) }),
        },
      },
      problems: ['not-found', 'unknown-event-type', 'fixed-after-creation', 'invalid-transform', 'quota-exceeded'],
      async beforeTransaction(context) {
        const { id } = await customerOf(context, context.params.id);
        await context.admit('setUps', id);
        const placed = context.body.subscriptions.map(({ transform }, index) => ({
          transform,
          path: `/subscriptions/${index}/transform`,
        }));
        await refuseFaultyTransforms(composer, placed, id);
      },
      async handle(context) {
        const customer = await customerOf(context, context.params.id);
        await lockAllowlist(context.db, 'shared');
        const existing = await lockSubscriptionsOf(context.db, customer.id, scopeOf(context.principal));
        const desired = context.body.subscriptions;
        for (const one of existing)
          if (!desired.some(({ name }) => name === one.name)) await service.remove(context, one);
        const items: ShownSubscription[] = [];
        for (const [index, settings] of desired.entries()) {
          const before = existing.find(({ name }) => name === settings.name);
          const asWritten = withWritten(settings, context.losslessBody(), 'subscriptions', index);
          const { secret: _, ...rest } = asWritten;
          items.push(
            await prefixingPointers(`/subscriptions/${index}`, () =>
              before
                ? service.change(context, before, customer, rest)
                : service.create(context, customer, context.principal.productId, asWritten),
            ),
          );
        }
        return { status: 200, body: { items } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/subscriptions',
      summary: 'Create a subscription',
      description:
        'Returns the secret, which later responses omit. If the URL is not on the allow-list, the status is `awaiting-approval` and notifications are held.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      body: newSettingsSchema.extend({ customerId: givenId, productId: givenId.nullish() }),
      answers: { 201: { description: 'The new subscription', schema: subscriptionSchema } },
      problems: [
        'already-exists',
        'unknown-customer',
        'unknown-event-type',
        'unknown-product',
        'invalid-transform',
        'quota-exceeded',
      ],
      creates: true,
      async beforeTransaction(context) {
        const { transform, customerId } = context.body;
        if (!transform) return;
        const { id } = await namedCustomer(context, customerId);
        await refuseFaultyTransforms(composer, [{ transform, path: '/transform' }], id);
      },
      async handle(context) {
        const { customerId, productId: given, ...settings } = context.body;
        const customer = await namedCustomer(context, customerId);
        const productId = context.principal.productId ?? given ?? null;
        if (
          (given ?? productId) !== productId ||
          (productId !== null && !(await isProductOf(context, customer, productId)))
        ) {
          throw new Problem(
            'unknown-product',
            'The product does not exist, is not yours, or is not a product of this customer.',
            {
              errors: [{ path: '/productId', message: 'is not a product of this customer' }],
            },
          );
        }
        await lockAllowlist(context.db, 'shared');
        const asWritten = withWritten(settings, context.losslessBody());
        return { status: 201, body: await service.create(context, customer, productId, asWritten) };
      },
    }),
    route({
      method: 'get',
      path: '/v1/subscriptions',
      summary: 'List subscriptions',
      tag: 'Subscriptions',
      roles: CUSTOMER_READERS,
      query: z.strictObject({
        ...pageQuery,
        customerId: givenId.optional(),
        productId: givenId.optional(),
        status: z.enum(SUBSCRIPTION_STATUSES).optional(),
        eventType: eventTypeName.optional().describe('Only subscriptions that match this event type.'),
        q: searchText.describe('Part of the name, URL or customer id, or the whole subscription id.').optional(),
        sort: z.enum(['newest', 'oldest', 'name', 'customer']).default('newest'),
        include: z.literal('health').optional().describe('Adds the health of each subscription over the last day.'),
      }),
      answers: {
        200: {
          description: 'A page, newest first by default',
          schema: pageOf(subscriptionSchema.extend({ health: healthSchema.optional() })),
        },
      },
      async handle({ db, principal, query: { sort, include, ...query } }) {
        const filter = { ...query, qInQuery: mayChangeSubscriptions(principal) };
        const request = pageRequest(query, (key) => isSortKey(sort, key));
        const found = await listSubscriptions(db, scopeOf(principal), filter, sort, request);
        const page = { ...found, items: found.items.map((item) => service.show(principal, item)) };
        if (include === undefined) return { status: 200, body: page };
        const ids = page.items.map(({ id }) => id);
        const health = await readHealth(db, ids, new Date());
        const items = page.items.map((item, index) => ({ ...item, health: health[index] }));
        return { status: 200, body: { ...page, items } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/subscriptions/:id',
      summary: 'Get a subscription',
      tag: 'Subscriptions',
      roles: CUSTOMER_READERS,
      params,
      answers: { 200: { description: 'The subscription', schema: subscriptionSchema } },
      problems: ['not-found'],
      async handle(context) {
        return { status: 200, body: service.show(context.principal, await subscriptionOf(context, context.params.id)) };
      },
    }),
    route({
      method: 'patch',
      path: '/v1/subscriptions/:id',
      summary: 'Change a subscription',
      description: 'Takes effect from the next attempt on. A new URL must be verified again.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params,
      body: settingsSchema.partial(),
      answers: { 200: { description: 'The changed subscription', schema: subscriptionSchema } },
      problems: ['not-found', 'already-exists', 'unknown-event-type', 'fixed-after-creation', 'invalid-transform'],
      async beforeTransaction(context) {
        const { transform } = context.body;
        if (!transform) return;
        const saved = await subscriptionOf(context, context.params.id);
        if (saved.transform?.expression === transform.expression) return;
        await refuseFaultyTransforms(composer, [{ transform, path: '/transform' }], saved.customerId, saved.id);
      },
      async handle(context) {
        await lockAllowlist(context.db, 'shared');
        const before = await lockedSubscriptionOf(context, context.params.id);
        const customer = (await findCustomer(context.db, before.customerId, {}))!;
        const change = withWritten(context.body, context.losslessBody());
        return { status: 200, body: await service.change(context, before, customer, change) };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/subscriptions/:id',
      summary: 'Delete a subscription',
      description: 'Also cancels its open notifications.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params,
      answers: { 204: { description: 'The subscription is deleted', schema: null } },
      problems: ['not-found'],
      async handle(context) {
        await service.remove(context, await lockedSubscriptionOf(context, context.params.id));
        return { status: 204 };
      },
    }),
    ...[true, false].map((enabled) => switchRoute(service, enabled)),
  ];
}

function switchRoute(service: SubscriptionService, enabled: boolean): Route {
  const verb = enabled ? 'enable' : 'disable';
  return route({
    method: 'post',
    path: `/v1/subscriptions/:id/${verb}`,
    summary: enabled ? 'Enable a subscription' : 'Disable a subscription',
    description: enabled
      ? 'Also enables a subscription that was disabled automatically. Held notifications are released in order of acceptance.'
      : 'Further notifications are held until the subscription is enabled again.',
    tag: 'Subscriptions',
    roles: CUSTOMER_WRITERS,
    params,
    body: z.strictObject({}),
    answers: { 200: { description: 'The changed subscription', schema: subscriptionSchema } },
    problems: ['not-found'],
    async handle(context) {
      const before = await lockedSubscriptionOf(context, context.params.id);
      return { status: 200, body: await service.switch(context, before, enabled) };
    },
  });
}

/**
 * Replaces the custom data by the text of the request, so that its numbers keep their digits.
 *
 * @param path - path of the settings in the body
 */
function withWritten<Settings extends Partial<Pick<SubscriptionSettings, 'customData'>>>(
  settings: Settings,
  written: LosslessJson | undefined,
  ...path: (string | number)[]
): Settings {
  const text = written?.at(...path, 'customData');
  return text === undefined ? settings : { ...settings, customData: new LosslessJson(text) };
}

async function customerOf({ db, principal }: Context, id: string): Promise<Customer> {
  const customer = await findCustomer(db, id, scopeOf(principal));
  if (!customer) throw notFound('customer');
  return customer;
}

/** Finds the customer named in a request's body. @throws Problem unknown-customer */
async function namedCustomer({ db, principal }: Context, id: string): Promise<Customer> {
  const customer = await findCustomer(db, id, scopeOf(principal));
  if (customer) return customer;
  throw new Problem('unknown-customer', 'The customer does not exist.', {
    errors: [{ path: '/customerId', message: 'does not exist' }],
  });
}

async function isProductOf({ db }: Context, customer: Customer, productId: string): Promise<boolean> {
  return (customer.productId ?? productId) === productId && (await findProduct(db, productId)) !== undefined;
}
