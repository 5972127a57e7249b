import { z } from 'zod';
import { isUuid } from '../../domain/ids';
import { notFound, Problem } from '../../domain/problems';
import { ATTEMPT_ERROR_CLASSES, SUBSCRIPTION_STATUSES, type Customer, type Subscription } from '../../domain/types';
import { LosslessJson } from '../../domain/lossless-json';
import { findCustomer } from '../../store/catalog/customers';
import { findProduct } from '../../store/catalog/products';
import { lockAllowlist } from '../../store/catalog/allowlist';
import { readHealth } from '../../store/reporting/health';
import {
  listSubscriptions,
  lockSubscriptionsOf,
  setEnabled,
  type SubscriptionSettings,
} from '../../store/subscriptions/subscriptions';
import { scopeOf } from '../auth/auth';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import { eventTypeName, givenId, pageOf, pageQuery, pageRequest, searchText, timestamp } from '../schemas/schemas';
import { newSettingsSchema, settingsSchema, subscriptionSchema } from '../schemas/subscription-schemas';
import { refuseFaultyTransforms } from '../composing/refuse-transforms';
import type { Composer } from '../ports';
import type { SubscriptionService } from '../subscriptions/subscription-service';
import { subscriptionOf, lockedSubscriptionOf } from '../subscriptions/lookup';

const MAX_AT_ONCE = 200;
const params = z.object({ id: z.string() });
const healthSchema = z.object({
  buckets: z
    .array(z.object({ at: timestamp, successes: z.int(), failures: z.int() }))
    .describe('Attempts, an hour a bucket.'),
  lastAttempt: z
    .object({
      at: timestamp,
      responseStatus: z.int().nullable(),
      errorClass: z.enum(ATTEMPT_ERROR_CLASSES).nullable(),
      attemptId: z.string(),
    })
    .nullable(),
});

/** Subscriptions, one by one and all of a customer's in one call. */
export function subscriptionRoutes(service: SubscriptionService, composer: Composer): Route[] {
  return [
    route({
      method: 'put',
      path: '/v1/customers/:id/subscriptions',
      summary: "Set up all of a customer's subscriptions",
      description:
        'Matched by `name`: creates those that are new, changes those that are there (to just what is given, the rest to its defaults), removes those that are not named. All or nothing.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params,
      body: z.strictObject({
        subscriptions: z
          .array(newSettingsSchema)
          .max(MAX_AT_ONCE)
          .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'each name once'),
      }),
      answers: {
        200: {
          description: 'In the order given; new ones with their secret',
          schema: z.object({ items: z.array(subscriptionSchema) }),
        },
      },
      problems: ['not-found', 'unknown-event-type', 'fixed-after-creation', 'invalid-transform', 'too-many-requests'],
      async beforeTransaction(context) {
        const placed = context.body.subscriptions.map(({ transform }, index) => ({
          transform,
          path: `/subscriptions/${index}/transform`,
        }));
        if (!placed.some(({ transform }) => transform)) return;
        const { id } = await customerOf(context, context.params.id);
        await refuseFaultyTransforms(composer, placed, id);
      },
      async handle(context) {
        const customer = await customerOf(context, context.params.id);
        await lockAllowlist(context.db, 'shared');
        const existing = await lockSubscriptionsOf(context.db, customer.id, scopeOf(context.principal));
        const wanted = context.body.subscriptions;
        for (const { id, name } of existing)
          if (!wanted.some((settings) => settings.name === name)) await service.remove(context, id);
        const items: Subscription[] = [];
        for (const [index, settings] of wanted.entries()) {
          const before = existing.find(({ name }) => name === settings.name);
          const asWritten = withWritten(settings, context.written(), 'subscriptions', index);
          const { secret: _, ...rest } = asWritten;
          items.push(
            await pointingInto(`/subscriptions/${index}`, () =>
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
        'Answers its secret, this once. Where its URL is not on the allow-list yet, its status is `awaiting-approval` and notifications are held.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      body: newSettingsSchema.extend({ customerId: givenId, productId: givenId.nullish() }),
      answers: { 201: { description: 'Created', schema: subscriptionSchema } },
      problems: [
        'already-exists',
        'unknown-customer',
        'unknown-event-type',
        'unknown-product',
        'invalid-transform',
        'too-many-requests',
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
          throw new Problem('unknown-product', 'Name a product that exists, is yours, and has this customer.', {
            errors: [{ path: '/productId', message: 'no such product' }],
          });
        }
        await lockAllowlist(context.db, 'shared');
        const asWritten = withWritten(settings, context.written());
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
        eventType: eventTypeName.optional().describe('Those that would get events of this type.'),
        q: searchText.describe('A part of name, URL or customer id, or the id.').optional(),
        sort: z.enum(['newest', 'oldest', 'name', 'customer']).default('newest'),
        include: z.literal('health').optional().describe('Adds how each fared in the last day.'),
      }),
      answers: {
        200: {
          description: 'A page, newest first unless asked for otherwise',
          schema: pageOf(subscriptionSchema.extend({ health: healthSchema.optional() })),
        },
      },
      async handle({ db, principal, query: { sort, include, ...query } }) {
        const page = await listSubscriptions(db, scopeOf(principal), query, sort, pageRequest(query, isUuid));
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
        return { status: 200, body: await subscriptionOf(context, context.params.id) };
      },
    }),
    route({
      method: 'patch',
      path: '/v1/subscriptions/:id',
      summary: 'Change a subscription',
      description: 'Holds from the next attempt on. A changed URL has to be verified again.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params,
      body: settingsSchema.partial(),
      answers: { 200: { description: 'As it is now', schema: subscriptionSchema } },
      problems: [
        'not-found',
        'already-exists',
        'unknown-event-type',
        'fixed-after-creation',
        'invalid-transform',
        'too-many-requests',
      ],
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
        const change = withWritten(context.body, context.written());
        return { status: 200, body: await service.change(context, before, customer, change) };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/subscriptions/:id',
      summary: 'Delete a subscription',
      description: 'Cancels its pending notifications.',
      tag: 'Subscriptions',
      roles: CUSTOMER_WRITERS,
      params,
      answers: { 204: { description: 'Deleted', schema: null } },
      problems: ['not-found'],
      async handle(context) {
        const { id } = await lockedSubscriptionOf(context, context.params.id);
        await service.remove(context, id);
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
      ? 'Also puts it back in order. What was held is released in order of acceptance.'
      : 'New notifications are held, not lost.',
    tag: 'Subscriptions',
    roles: CUSTOMER_WRITERS,
    params,
    body: z.strictObject({}),
    answers: { 200: { description: 'As it is now', schema: subscriptionSchema } },
    problems: ['not-found'],
    async handle(context) {
      const { id } = await lockedSubscriptionOf(context, context.params.id);
      const changed = await setEnabled(context.db, id, enabled);
      await context.audit(`subscription.${verb}`, id);
      await service.settle(context, id);
      return { status: 200, body: changed };
    },
  });
}

/** The settings with the numbers of their custom data as they were written. @param path - where the settings stand in the body */
function withWritten<Settings extends Partial<Pick<SubscriptionSettings, 'customData'>>>(
  settings: Settings,
  written: LosslessJson | undefined,
  ...path: (string | number)[]
): Settings {
  const text = written?.at(...path, 'customData');
  return text === undefined ? settings : { ...settings, customData: new LosslessJson(text) };
}

/** Has the pointers of a problem with one entry lead into the list that it is in. */
async function pointingInto<T>(list: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const errors = error.options.errors?.map(({ path, message }) => ({ path: list + path, message }));
    throw new Problem(error.code, error.detail, { ...error.options, errors });
  }
}

async function customerOf({ db, principal }: Context, id: string): Promise<Customer> {
  const customer = await findCustomer(db, id, scopeOf(principal));
  if (!customer) throw notFound('customer');
  return customer;
}

/** The customer that a request names in its body. @throws Problem unknown-customer */
async function namedCustomer({ db, principal }: Context, id: string): Promise<Customer> {
  const customer = await findCustomer(db, id, scopeOf(principal));
  if (customer) return customer;
  throw new Problem('unknown-customer', 'There is no such customer.', {
    errors: [{ path: '/customerId', message: 'no such customer' }],
  });
}

async function isProductOf({ db }: Context, customer: Customer, productId: string): Promise<boolean> {
  return (customer.productId ?? productId) === productId && (await findProduct(db, productId)) !== undefined;
}
