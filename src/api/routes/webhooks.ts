import { z } from 'zod';
import { DEFAULT_RETRY_SCHEDULE } from '../../domain/retry-schedule';
import { notFound, Problem } from '../../domain/problems';
import { HTTP_METHODS, type Customer, type Principal, type Subscription } from '../../domain/types';
import { lockAllowlist } from '../../store/catalog/allowlist';
import type { Sealer } from '../../store/db/crypto';
import { findCustomer, insertCustomer } from '../../store/catalog/customers';
import { rotateSecret } from '../../store/subscriptions/secrets';
import { findSubscriptionsOf, lockSubscriptionsOf } from '../../store/subscriptions/subscriptions';
import { scopeOf } from '../auth/auth';
import { CUSTOMER_READERS, CUSTOMER_WRITERS } from '../http/roles';
import { route, type Context, type Route } from '../http/route';
import { givenId } from '../schemas/schemas';
import { newSettingsSchema, secretInput, settingsSchema } from '../schemas/subscription-schemas';
import { shownUrl } from '../subscriptions/private-settings';
import type { SubscriptionService } from '../subscriptions/subscription-service';
import { sha256 } from '../../domain/sha256';

const webhook = z
  .object({ events: z.array(z.string()), url: z.string(), method: z.enum(HTTP_METHODS) })
  .meta({ id: 'Webhook' });

const { eventTypes: events, url, method } = settingsSchema.shape;
const customerId = givenId.optional().describe('Default: the default customer of the credential.');

/**
 * The self-service API: webhooks by URL, which are subscriptions of format `flat`. Compatible with
 * the system that docs/migrating/self-service.md describes.
 */
export function webhookRoutes(service: SubscriptionService, sealer: Sealer): Route[] {
  return [
    route({
      method: 'put',
      path: '/v1/webhooks',
      summary: 'Add a webhook, or add event types to a webhook',
      description:
        'If the URL is already registered, the event types are added to it. Its method and secret change if they are given.',
      tag: 'Webhooks by URL',
      roles: CUSTOMER_WRITERS,
      body: z.strictObject({ events, url, secret: secretInput.optional(), method: method.optional(), customerId }),
      answers: { 201: { description: 'The webhook with all its event types', schema: webhook } },
      problems: ['unknown-customer', 'unknown-event-type', 'erasure-running'],
      async handle(context) {
        const { body } = context;
        const customer = await customerOf(context, body.customerId);
        await lockAllowlist(context.db, 'shared');
        const before = (await lockWebhooks(context, customer)).find((one) => one.url === body.url);
        const saved = await renamingPointers(() =>
          before
            ? service.change(context, before, customer, {
                eventTypes: [...new Set([...before.eventTypes, ...body.events])],
                method: body.method ?? before.method,
              })
            : service.create(context, customer, context.principal.productId, newWebhook(body)),
        );
        if (before && body.secret !== undefined) {
          await rotateSecret(context.db, sealer, before.id, body.secret, 0);
          await context.audit('secret.rotate', before.id, { overlapSeconds: 0 });
        }
        return { status: 201, body: toWebhook(saved) };
      },
    }),
    route({
      method: 'get',
      path: '/v1/webhooks',
      summary: 'List webhooks',
      tag: 'Webhooks by URL',
      roles: CUSTOMER_READERS,
      query: z.strictObject({ customerId }),
      answers: {
        200: {
          description: 'All webhooks of the customer',
          schema: z.object({ count: z.int(), webHooks: z.array(webhook) }),
        },
      },
      problems: ['unknown-customer'],
      async handle(context) {
        const customer = await findOwn(context, context.query.customerId);
        const { db, principal } = context;
        const all = customer ? await findSubscriptionsOf(db, customer.id, scopeOf(principal)) : [];
        const webHooks = all.filter(isWebhook).map((one) => toWebhook({ ...one, url: shownUrl(principal, one.url) }));
        return { status: 200, body: { count: webHooks.length, webHooks } };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/webhooks',
      summary: 'Remove a webhook, or event types from one',
      description: 'Without `events`, or if no event type is left, the webhook is removed.',
      tag: 'Webhooks by URL',
      roles: CUSTOMER_WRITERS,
      body: z.strictObject({ url, events: z.array(z.string()).optional(), customerId }),
      answers: { 204: { description: 'The webhook or its event types are removed', schema: null } },
      problems: ['not-found', 'unknown-customer'],
      async handle(context) {
        const { body } = context;
        const customer = await findOwn(context, body.customerId);
        const before = customer && (await lockWebhooks(context, customer)).find((one) => one.url === body.url);
        if (!customer || !before) throw notFound('webhook');
        const left = body.events ? before.eventTypes.filter((one) => !body.events!.includes(one)) : [];
        if (left.length === 0) await service.remove(context, before.id);
        else await service.change(context, before, customer, { eventTypes: left });
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

const toWebhook = (subscription: Pick<Subscription, 'eventTypes' | 'url' | 'method'>) => ({
  events: subscription.eventTypes,
  url: subscription.url,
  method: subscription.method,
});

const isWebhook = ({ format }: Subscription) => format === 'flat';

async function lockWebhooks({ db, principal }: Context, customer: Customer): Promise<Subscription[]> {
  return (await lockSubscriptionsOf(db, customer.id, scopeOf(principal))).filter(isWebhook);
}

/** The default customer of a credential. */
function defaultCustomerId({ id, customerId: own }: Principal): string {
  return own ?? `webhooks-${id}`;
}

/**
 * @returns the given customer, or the default one; `undefined` if the default one does not exist
 *   yet
 * @throws Problem unknown-customer
 */
async function findOwn({ db, principal }: Context, given: string | undefined): Promise<Customer | undefined> {
  const customer = await findCustomer(db, given ?? defaultCustomerId(principal), scopeOf(principal));
  if (customer || given === undefined) return customer;
  throw new Problem('unknown-customer', 'The customer does not exist.', {
    errors: [{ path: '/customerId', message: 'does not exist' }],
  });
}

async function customerOf(context: Context, given: string | undefined): Promise<Customer> {
  const found = await findOwn(context, given);
  if (found) return found;
  const { db, principal } = context;
  const id = defaultCustomerId(principal);
  const created = await insertCustomer(db, {
    id,
    name: `Webhooks of ${principal.name}`.slice(0, 200),
    productId: principal.productId,
    retrySchedule: DEFAULT_RETRY_SCHEDULE,
  });
  if (created) await context.audit('customer.create', id);
  const customer = created ?? (await findCustomer(db, id, {}));
  if (customer) return customer;
  throw new Problem(
    'erasure-running',
    'The default customer of this credential is being erased. Retry when the erasure has finished: a new one is created then.',
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
