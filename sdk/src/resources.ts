import type { paths } from './openapi.js';
import { itemsOf, type Page } from './pages.js';
import type { Transport } from './transport.js';
import type { ItemOf, ListPath, Query, RequestBody, ResponseBody } from './types.js';

type Filter<P extends keyof paths> = Omit<NonNullable<Query<P, 'get'>>, 'cursor' | 'format'>;
type Create<P extends keyof paths> = RequestBody<P, 'post'>;
type SetUpPath = '/v1/customers/{id}/subscriptions';
type SetUp = Omit<RequestBody<SetUpPath, 'put'>, 'dryRun'>;
type SetUpAnswer = ResponseBody<SetUpPath, 'put'>;

/**
 * API calls grouped by resource. Parameters and results are typed by the OpenAPI document.
 *
 * @example
 * ```ts
 * for await (const customer of signpost.customers.list({ q: 'example' })) console.log(customer.id);
 * ```
 */
export function resourcesOf(transport: Transport) {
  const list =
    <P extends ListPath>(path: P) =>
    (filter?: Filter<P>): AsyncGenerator<ItemOf<P>, void> =>
      itemsOf<ItemOf<P>>(
        (cursor) =>
          transport.request('get', path, { query: { ...filter, cursor } as never }) as unknown as Promise<
            Page<ItemOf<P>>
          >,
      );
  const call = transport.request.bind(transport) as Transport['request'];
  const setUp = (id: string, body: SetUp) =>
    call('put', '/v1/customers/{id}/subscriptions', { params: { id }, body }) as Promise<
      Extract<SetUpAnswer, { items: unknown }>
    >;
  return {
    products: {
      create: (body: Create<'/v1/products'>) => call('post', '/v1/products', { body }),
      list: list('/v1/products'),
      get: (id: string) => call('get', '/v1/products/{id}', { params: { id } }),
      update: (id: string, body: RequestBody<'/v1/products/{id}', 'patch'>) =>
        call('patch', '/v1/products/{id}', { params: { id }, body }),
    },
    eventTypes: {
      /** Creates or updates an event type. */
      put: (name: string, body: RequestBody<'/v1/event-types/{name}', 'put'>) =>
        call('put', '/v1/event-types/{name}', { params: { name }, body }),
      list: list('/v1/event-types'),
      get: (name: string) => call('get', '/v1/event-types/{name}', { params: { name } }),
      /** Archives an event type: new events of it are refused. */
      archive: (name: string) => call('post', '/v1/event-types/{name}/archive', { params: { name } }),
    },
    customers: {
      create: (body: Create<'/v1/customers'>) => call('post', '/v1/customers', { body }),
      list: list('/v1/customers'),
      get: (id: string) => call('get', '/v1/customers/{id}', { params: { id } }),
      update: (id: string, body: RequestBody<'/v1/customers/{id}', 'patch'>) =>
        call('patch', '/v1/customers/{id}', { params: { id }, body }),
      /**
       * Makes a customer's subscriptions equal to this list: creates, updates and removes them in
       * one transaction. Subscriptions are matched by name; those that are not in the list are
       * removed.
       */
      setSubscriptions: (
        id: string,
        subscriptions: RequestBody<'/v1/customers/{id}/subscriptions', 'put'>['subscriptions'],
      ) => setUp(id, { subscriptions }),
      /**
       * Creates a customer if it does not exist, and makes its subscriptions equal to a list, in
       * one transaction.
       */
      setUp,
      /** Returns the names of the subscriptions that `setUp` would create, update and remove. */
      planSetUp: (id: string, body: SetUp) =>
        call('put', '/v1/customers/{id}/subscriptions', {
          params: { id },
          body: { ...body, dryRun: true },
        }) as Promise<Extract<SetUpAnswer, { create: unknown }>>,
      /**
       * Erases a customer and everything of theirs in the background, which cannot be undone; see
       * `erasures`.
       */
      erase: (id: string) => call('delete', '/v1/customers/{id}', { params: { id } }),
    },
    erasures: {
      list: list('/v1/erasures'),
      get: (id: string) => call('get', '/v1/erasures/{id}', { params: { id } }),
    },
    subscriptions: {
      create: (body: Create<'/v1/subscriptions'>) => call('post', '/v1/subscriptions', { body }),
      list: list('/v1/subscriptions'),
      get: (id: string) => call('get', '/v1/subscriptions/{id}', { params: { id } }),
      update: (id: string, body: RequestBody<'/v1/subscriptions/{id}', 'patch'>) =>
        call('patch', '/v1/subscriptions/{id}', { params: { id }, body }),
      /** Deletes a subscription and cancels its pending notifications. */
      delete: (id: string) => call('delete', '/v1/subscriptions/{id}', { params: { id } }),
      /** Resumes deliveries; held notifications are sent in order. */
      enable: (id: string) => call('post', '/v1/subscriptions/{id}/enable', { params: { id } }),
      /** Pauses deliveries; new notifications are held, not lost. */
      disable: (id: string) => call('post', '/v1/subscriptions/{id}/disable', { params: { id } }),
      /** Proves that the receiver knows the secret: sends a challenge and returns its result. */
      challenge: (id: string) => call('post', '/v1/subscriptions/{id}/challenge', { params: { id } }),
      /** Reveals the signing secret; recorded in the audit log. */
      secret: (id: string) => call('get', '/v1/subscriptions/{id}/secret', { params: { id } }),
      /**
       * Replaces the signing secret; the old one also signs for `overlapSeconds` (default 86400).
       */
      rotateSecret: (id: string, body: Create<'/v1/subscriptions/{id}/secret/rotate'> = {}) =>
        call('post', '/v1/subscriptions/{id}/secret/rotate', { params: { id }, body }),
      /** Sends the event type's sample, or the given data, through the real delivery path. */
      trigger: (id: string, body: Create<'/v1/subscriptions/{id}/trigger'> = {}) =>
        call('post', '/v1/subscriptions/{id}/trigger', { params: { id }, body }),
      statistics: (id: string) => call('get', '/v1/subscriptions/{id}/statistics', { params: { id } }),
      /** Retries the failed notifications of a time range in the background; see `recoveries`. */
      recover: (id: string, body: Create<'/v1/subscriptions/{id}/recover'>) =>
        call('post', '/v1/subscriptions/{id}/recover', { params: { id }, body }),
    },
    notifications: {
      list: list('/v1/notifications'),
      get: (id: string) => call('get', '/v1/notifications/{id}', { params: { id } }),
      /** Attempts a notification now. A delivered one needs `force: true`. */
      retry: (id: string, body: Create<'/v1/notifications/{id}/retry'> = {}) =>
        call('post', '/v1/notifications/{id}/retry', { params: { id }, body }),
      retryMany: (body: Create<'/v1/notifications/retry'>) => call('post', '/v1/notifications/retry', { body }),
      cancelMany: (body: Create<'/v1/notifications/cancel'>) => call('post', '/v1/notifications/cancel', { body }),
      /** Stops all further attempts of a notification. */
      cancel: (id: string) => call('post', '/v1/notifications/{id}/cancel', { params: { id } }),
    },
    attempts: { get: (id: string) => call('get', '/v1/attempts/{id}', { params: { id } }) },
    recoveries: {
      list: list('/v1/recoveries'),
      /** Retries or cancels all notifications that match a filter; with `dryRun`, counts them. */
      create: (body: Create<'/v1/recoveries'>) => call('post', '/v1/recoveries', { body }),
      get: (id: string) => call('get', '/v1/recoveries/{id}', { params: { id } }),
      cancel: (id: string) => call('post', '/v1/recoveries/{id}/cancel', { params: { id } }),
    },
    deploys: {
      /** Records that a version was deployed. */
      create: (body: Create<'/v1/deploys'>) => call('post', '/v1/deploys', { body }),
      list: list('/v1/deploys'),
      get: (id: string) => call('get', '/v1/deploys/{id}', { params: { id } }),
      delete: (id: string) => call('delete', '/v1/deploys/{id}', { params: { id } }),
    },
    allowlist: {
      create: (body: Create<'/v1/url-allowlist'>) => call('post', '/v1/url-allowlist', { body }),
      list: list('/v1/url-allowlist'),
      /** Approves or rejects a requested URL pattern. */
      decide: (id: string, status: 'approved' | 'rejected') =>
        call('patch', '/v1/url-allowlist/{id}', { params: { id }, body: { status } }),
      delete: (id: string) => call('delete', '/v1/url-allowlist/{id}', { params: { id } }),
    },
    apiKeys: {
      create: (body: Create<'/v1/api-keys'>) => call('post', '/v1/api-keys', { body }),
      list: list('/v1/api-keys'),
      revoke: (id: string) => call('delete', '/v1/api-keys/{id}', { params: { id } }),
    },
    oauthClients: {
      create: (body: Create<'/v1/oauth-clients'>) => call('post', '/v1/oauth-clients', { body }),
      list: list('/v1/oauth-clients'),
      revoke: (id: string) => call('delete', '/v1/oauth-clients/{id}', { params: { id } }),
    },
    portalSessions: { create: (body: Create<'/v1/portal-sessions'>) => call('post', '/v1/portal-sessions', { body }) },
    audit: { list: list('/v1/audit') },
    overview: (window: 'hour' | 'day' = 'hour') => call('get', '/v1/overview', { query: { window } }),
  };
}
