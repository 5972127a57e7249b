import { z } from 'zod';
import { notFound, Problem } from '../../domain/problems';
import { HTTP_METHODS, SUBSCRIPTION_STATUSES, type Customer, type Subscription } from '../../domain/types';
import { lockAllowlist } from '../../store/catalog/allowlist';
import { findCustomer, listFormerDefaults } from '../../store/catalog/customers';
import { newSecret } from '../../store/subscriptions/secrets';
import { findWebhooks } from '../../store/subscriptions/list-subscriptions';
import { lockSubscriptionsOf } from '../../store/subscriptions/subscriptions';
import { isSameUrl } from '../../domain/canonical-url';
import { unmaskQuery } from '../../domain/unmask';
import { scopeOf } from '../auth/auth';
import { namedCustomer } from '../customers/named-customer';
import { createCustomer } from '../customers/new-customer';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import { DEFAULT_CUSTOMER_PREFIX, DEFAULT_OVERLAP_SECONDS, givenId, MAX_GIVEN_ID } from '../schemas/schemas';
import { newSettingsSchema, secretInput, settingsSchema } from '../schemas/subscription-schemas';
import { shownUrl } from '../subscriptions/private-settings';
import { productOf } from '../subscriptions/product-of';
import type { SubscriptionService } from '../subscriptions/subscription-service';
import { sha256 } from '../../domain/sha256';

/** Paths of the same calls. */
const PATHS = ['/v1/webhooks', '/v1/webhook'];
/** Webhooks of a call that names no customer. */
const MAX_WEBHOOKS = 10_000;

const webhook = z
  .object({
    events: z.array(z.string()),
    url: z.string(),
    method: z.enum(HTTP_METHODS),
    status: z.enum(SUBSCRIPTION_STATUSES).describe('Any but `enabled` holds notifications.'),
  })
  .meta({ id: 'Webhook' });

const { eventTypes: events, url, method } = settingsSchema.shape;
const customerId = givenId
  .optional()
  .describe(
    'Default: the default customer of the product, whichever credential is used. An admin and a credential of a segment must give it.',
  );
const onlyCustomerId = givenId
  .optional()
  .describe('Only webhooks of this customer. Default: all that the caller manages.');

/**
 * The self-service API: webhooks by URL, which are subscriptions of format `flat`. Compatible with
 * the system that docs/migrating/self-service.md describes.
 */
export function webhookRoutes(service: SubscriptionService): Route[] {
  return PATHS.flatMap((path) => routesAt(path, service));
}

function routesAt(path: string, service: SubscriptionService): Route[] {
  return [
    route({
      method: 'put',
      path,
      summary: 'Add a webhook, or add event types to a webhook',
      description:
        'If the URL is already registered for the customer, in whatever spelling, the event types are added to it. Its method and secret change if they are given; a replaced secret signs too for a day. Without `customerId`, the webhook gets the events of the product for every customer. The body of deliveries contains the secret only if one was given.',
      tag: 'Webhooks by URL',
      feature: 'webhooks-by-url',
      roles: CUSTOMER_WRITERS,
      needsRecentSignIn: true,
      body: z.strictObject({ events, url, secret: secretInput.optional(), method: method.optional(), customerId }),
      answers: { 201: { description: 'The webhook with all its event types', schema: webhook } },
      problems: ['already-exists', 'unknown-customer', 'unknown-event-type', 'capability-required', 'erasure-running'],
      async handle(context) {
        const { body } = context;
        service.refuseUndeliverable(body.url);
        const customer =
          body.customerId === undefined
            ? ((await formerCustomer(context, body.url)) ?? (await defaultCustomer(context)))
            : await namedCustomer(context, body.customerId);
        await lockAllowlist(context.db, 'shared');
        const before = webhookAt(await lockWebhooks(context, customer), body.url);
        const saved = await renamingPointers(async () => {
          if (!before) {
            const productId = await productOf(context, customer, undefined, '/customerId');
            return service.create(context, customer, productId, newWebhook(body));
          }
          const eventTypes = [...new Set([...before.eventTypes, ...body.events])];
          const change = { eventTypes, method: body.method ?? before.method };
          return (await service.change(context, before, customer, change)).item;
        });
        if (before && body.secret !== undefined)
          await service.rotateSecret(context, before, newSecret(body.secret), DEFAULT_OVERLAP_SECONDS);
        return { status: 201, body: toWebhook(saved) };
      },
    }),
    route({
      method: 'get',
      path,
      summary: 'List webhooks',
      description: `Lists the webhooks of all customers that the caller manages, oldest first, at most ${MAX_WEBHOOKS}.`,
      tag: 'Webhooks by URL',
      feature: 'webhooks-by-url',
      roles: CUSTOMER_READERS,
      query: z.strictObject({ customerId: onlyCustomerId }),
      answers: {
        200: {
          description: 'The webhooks',
          schema: z.object({ count: z.int(), webHooks: z.array(webhook) }),
        },
      },
      problems: ['unknown-customer'],
      async handle(context) {
        const found = await webhooksOf(context, context.query.customerId, 'query/customerId');
        const { principal } = context;
        const webHooks = found.map((one) => toWebhook({ ...one, url: shownUrl(principal, one.url) }));
        return { status: 200, body: { count: webHooks.length, webHooks } };
      },
    }),
    route({
      method: 'delete',
      path,
      summary: 'Remove a webhook, or event types from one',
      description:
        'Without `events`, or if no event type is left, the webhook is removed. Without `customerId`, the URL is removed for every customer for which the caller registered it.',
      tag: 'Webhooks by URL',
      feature: 'webhooks-by-url',
      roles: CUSTOMER_WRITERS,
      query: z.strictObject({ customerId: onlyCustomerId }),
      body: z.strictObject({ url, events: z.array(z.string()).optional(), customerId: onlyCustomerId }),
      answers: { 204: { description: 'The webhook or its event types are removed', schema: null } },
      problems: ['not-found', 'unknown-customer'],
      async handle(context) {
        const { body, query } = context;
        const [named, where] =
          query.customerId === undefined ? [body.customerId, '/customerId'] : [query.customerId, 'query/customerId'];
        const registered = (await webhooksOf(context, named, where)).filter((one) => isSameUrl(one.url, body.url));
        const customerIds = [...new Set(registered.map((one) => one.customerId))].sort();
        let removed = 0;
        for (const id of customerIds) {
          const customer = await namedCustomer(context, id, where);
          for (const before of await lockWebhooks(context, customer)) {
            if (!isSameUrl(before.url, body.url)) continue;
            const left = body.events ? before.eventTypes.filter((one) => !body.events!.includes(one)) : [];
            if (left.length === 0) await service.remove(context, before);
            else await service.change(context, before, customer, { eventTypes: left });
            removed += 1;
          }
        }
        if (removed === 0) throw notFound('webhook');
        return { status: 204 };
      },
    }),
  ];
}

function newWebhook(body: { url: string; events: string[]; secret?: string; method?: (typeof HTTP_METHODS)[number] }) {
  // The name is derived from the URL, so that concurrent calls create only one webhook.
  const name = `${new URL(body.url).hostname.slice(0, 60)} ${sha256(body.url).toString('hex').slice(0, 12)}`;
  const { url: target, events: eventTypes, secret, method: verb = 'POST' } = body;
  return newSettingsSchema.parse({ name, url: target, eventTypes, method: verb, secret, format: 'flat' });
}

const toWebhook = (subscription: Pick<Subscription, 'eventTypes' | 'url' | 'method' | 'status'>) => ({
  events: subscription.eventTypes,
  url: subscription.url,
  method: subscription.method,
  status: subscription.status,
});

const isWebhook = ({ format }: Subscription) => format === 'flat';

async function lockWebhooks({ db, principal }: Context, customer: Customer): Promise<Subscription[]> {
  return (await lockSubscriptionsOf(db, customer.id, scopeOf(principal))).filter(isWebhook);
}

/** Finds a webhook by its URL, or by its URL with masks if that names only one. */
function webhookAt(webhooks: readonly Subscription[], url: string): Subscription | undefined {
  const same = webhooks.find((one) => isSameUrl(one.url, url));
  if (same) return same;
  const [masked, ...others] = webhooks.filter((one) => isSameUrl(one.url, unmaskQuery(url, one.url).url));
  return others.length === 0 ? masked : undefined;
}

/** @throws Problem unknown-customer */
async function webhooksOf(
  { db, principal }: Context,
  given: string | undefined,
  where: string,
): Promise<Subscription[]> {
  if (given !== undefined) await namedCustomer({ db, principal }, given, where);
  return findWebhooks(db, scopeOf(principal), given, MAX_WEBHOOKS);
}

/** One per product, so that rotating a credential loses no webhook. */
function defaultCustomerId(productId: string): string {
  const fits = DEFAULT_CUSTOMER_PREFIX.length + productId.length <= MAX_GIVEN_ID;
  return DEFAULT_CUSTOMER_PREFIX + (fits ? productId : sha256(productId).toString('hex'));
}

/**
 * Default customers belonged to a credential before they belonged to the product. A webhook that
 * was registered for one stays there.
 */
async function formerCustomer(context: Context, url: string): Promise<Customer | undefined> {
  const { productId, customerId } = context.principal;
  if (productId === null || customerId !== null) return undefined;
  for (const customer of await listFormerDefaults(context.db, productId))
    if (webhookAt(await lockWebhooks(context, customer), url)) return customer;
  return undefined;
}

/**
 * Finds or creates the default customer of the caller. One that belongs to somebody else is never
 * used, whatever its id: its owner could read the secret of what is registered for it.
 *
 * @throws Problem already-exists; validation-failed if the caller has no product, because its
 *   webhooks would get no product's events
 */
async function defaultCustomer(context: Context): Promise<Customer> {
  const { db, principal } = context;
  if (principal.customerId !== null) return namedCustomer(context, principal.customerId);
  const { productId } = principal;
  if (productId === null)
    throw new Problem(
      'validation-failed',
      'This credential belongs to no product, so there is no default customer. Send `customerId`, or use a credential of a product.',
      { errors: [{ path: '/customerId', message: 'is required of a credential of no product' }] },
    );
  const id = defaultCustomerId(productId);
  const settings = { name: `Webhooks of ${productId}`.slice(0, 200), audience: 'product' } as const;
  // A concurrent call may create it.
  const found =
    (await findCustomer(db, id, {})) ??
    (await createCustomer(context, id, settings)) ??
    (await findCustomer(db, id, {}));
  if (!found)
    throw new Problem(
      'erasure-running',
      'The default customer is being erased. Retry when the erasure has finished: a new one is created then.',
    );
  if (found.productId === productId) return found;
  throw new Problem(
    'already-exists',
    `Another owner has a customer with the id ${id}. Send the customerId of a customer of yours.`,
    { errors: [{ path: '/customerId', message: `${id} is taken` }] },
  );
}

/** Corrects the pointers of a problem, because the field is called `events` here. */
async function renamingPointers<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem) || !error.options.errors) throw error;
    const errors = error.options.errors.map(({ path, message }) => ({
      path: path.replace(/^\/eventTypes/, '/events'),
      message,
    }));
    throw new Problem(error.code, error.detail, { ...error.options, errors, cause: error });
  }
}
