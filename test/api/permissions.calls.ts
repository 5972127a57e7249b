import { newUuid, encodeId } from '../../src/domain/ids';
import { recordAttempts } from '../../src/store/notifications/record-attempts';
import { ADMIN_KEY, type Answer, type TestApi } from '../support/api';

/** One customer's objects, and those of its product. */
export interface Objects {
  productKey: string;
  productId: string;
  eventType: string;
  customerId: string;
  subscriptionId: string;
  eventId: string;
  notificationId: string;
  attemptId: string;
  recoveryId: string;
  erasureId: string;
  portalSessionId: string;
  allowlistId: string;
  apiKeyId: string;
  oauthClientId: string;
  sessionId: string;
  deployId: string;
  playInboxId: string;
  playRequestId: string;
}

/** Ids of the right form that nothing has. */
export const UNKNOWN: Omit<Objects, 'productKey'> = {
  productId: 'no-product',
  eventType: 'no.such.type.v1',
  customerId: 'no-customer',
  subscriptionId: encodeId('sub', newUuid()),
  deployId: encodeId('dep', newUuid()),
  eventId: encodeId('evt', newUuid()),
  notificationId: encodeId('ntf', newUuid()),
  attemptId: encodeId('att', newUuid()),
  recoveryId: encodeId('rec', newUuid()),
  erasureId: encodeId('ers', newUuid()),
  portalSessionId: encodeId('prt', newUuid()),
  allowlistId: encodeId('url', newUuid()),
  apiKeyId: encodeId('key', newUuid()),
  oauthClientId: encodeId('cli', newUuid()),
  sessionId: encodeId('ses', newUuid()),
  playInboxId: encodeId('pin', newUuid()),
  playRequestId: encodeId('prq', newUuid()),
};

const URL = 'http://127.0.0.1:1/';
let counter = 0;
const unique = (name: string) => `${name}-${++counter}`;

/** Makes a customer with one object of every kind. */
export async function makeObjects(
  api: TestApi,
  product: Pick<Objects, 'productKey' | 'productId' | 'eventType'>,
): Promise<Objects> {
  const { productKey: key, productId, eventType } = product;
  const { id: customerId } = await api.must('POST', '/v1/customers', { name: 'C' }, key);
  const settings = { customerId, name: 'main', url: URL, eventTypes: [eventType] };
  const { id: subscriptionId } = await api.must('POST', '/v1/subscriptions', settings, key);
  const event = await api.must('POST', '/v1/events', { type: eventType, customerId, data: {} }, key);
  const notificationId = event.notifications[0].id as string;
  await recordAttempts(api.database.db, [
    {
      notificationId,
      subscriptionId,
      failurePeriod: 0,
      attemptKey: 'run:1',
      trigger: 'scheduled',
      startedAt: new Date(),
      finishedAt: new Date(),
      durationMs: 1,
      error: { class: 'connect', message: 'connection refused' },
      request: { method: 'POST', url: URL, headers: { 'webhook-id': event.id }, body: null },
      response: null,
      workflowId: `notification/${notificationId}`,
      outcome: { status: 'failed' },
    },
  ]);
  const { id: erased } = await api.must('POST', '/v1/customers', { name: 'E' }, key);
  const since = '2026-01-02T03:04:05Z';
  const viewer = { name: 'v', role: 'viewer', productId };
  const idOf = async (path: string, body: object, as = key) => (await api.must('POST', path, body, as)).id as string;
  return {
    ...product,
    customerId,
    subscriptionId,
    eventId: event.id,
    notificationId,
    attemptId: (await api.must('GET', `/v1/notifications/${notificationId}`)).attempts[0].id,
    recoveryId: await idOf(`/v1/subscriptions/${subscriptionId}/recover`, { since }),
    erasureId: (await api.must('DELETE', `/v1/customers/${erased}`, undefined, key)).id,
    deployId: await idOf('/v1/deploys', { customerId, version: '1' }),
    portalSessionId: await idOf('/v1/portal-sessions', { customerId }),
    allowlistId: await idOf('/v1/url-allowlist', { pattern: `https://${unique('host')}.example` }),
    apiKeyId: await idOf('/v1/api-keys', viewer, ADMIN_KEY),
    oauthClientId: (await api.must('POST', '/v1/oauth-clients', viewer)).clientId,
    sessionId: await signIn(api, key),
    ...(await captureRequest(api, customerId, key)),
  };
}

async function captureRequest(api: TestApi, customerId: string, key: string) {
  const inbox = await api.must('POST', '/v1/play-inboxes', { customerId, name: 'main' }, key);
  await api.call('POST', inbox.url.replace(api.url, ''), { key: null, raw: '{}' });
  const { items } = await api.must('GET', `/v1/play-inboxes/${inbox.id}/requests`);
  return { playInboxId: inbox.id as string, playRequestId: items[0].id as string };
}

async function signIn(api: TestApi, credential: string): Promise<string> {
  return (await api.call('POST', '/v1/session', { key: null, body: { credential } })).body.id;
}

/** How to make a call so that only the caller's permission decides its response. */
export interface Call {
  /** The object that the call names, in its path unless `body` or `query` uses it. */
  names?: keyof Omit<Objects, 'productKey'>;
  body?(objects: Objects): object;
  query?(objects: Objects): string;
  /** Creates what a successful call uses up. @returns the objects to use instead */
  prepare?(api: TestApi, objects: Objects, key: string | null): Promise<Partial<Objects>>;
  /** The ids that a response shows, for calls that leave out the objects of others. */
  shows?(body: Answer['body'], objects: Objects): unknown[];
}

const none = () => ({});
const items = (field: string) => (body: Answer['body']) =>
  (body.items as Record<string, unknown>[]).map((item) => item[field]);
const subscription = { names: 'subscriptionId' } as const;
const withEmptyBody = { ...subscription, body: none } as const;
const event = ({ eventType, customerId }: Objects) => ({ type: eventType, customerId, data: {} });
const draft = ({ eventType }: Objects) => ({ type: eventType, data: {}, transform: null });
const definition = { steps: [], transform: { language: 'jsonata', expression: '{"ok": true}' } };
const putDefinition = async (api: TestApi, { eventType }: Objects) => {
  await api.must('PUT', `/v1/event-types/${eventType}/service-definition`, definition);
  return {};
};
const putSigningKey = async (api: TestApi, { subscriptionId }: Objects) => {
  await api.must('POST', `/v1/subscriptions/${subscriptionId}/signing-key`, {});
  return {};
};

/** The calls of all guarded operations. */
export const CALLS: Record<string, Call> = {
  'POST /v1/events': { names: 'customerId', body: event },
  'POST /v1/events/batch': {
    names: 'customerId',
    body: (objects) => ({ events: [event(objects)] }),
    shows: ({ results }, { customerId }) => (results[0].status === 202 ? [customerId] : []),
  },
  'GET /v1/events': { names: 'eventId', shows: items('id') },
  'GET /v1/events/:id': { names: 'eventId' },
  'GET /v1/events/:id/routing': { names: 'eventId' },
  'POST /v1/events/:id/replay': { names: 'eventId', body: ({ subscriptionId }) => ({ subscriptionId }) },
  'POST /v1/products': { body: () => ({ name: 'P' }) },
  'GET /v1/products': { names: 'productId', shows: items('id') },
  'GET /v1/products/:id': { names: 'productId' },
  'PATCH /v1/products/:id': { names: 'productId', body: () => ({ name: 'P' }) },
  'PUT /v1/event-types/:name': { names: 'eventType', body: ({ productId }) => ({ productId }) },
  'GET /v1/event-types': { names: 'eventType', shows: items('name') },
  'GET /v1/event-types/:name': { names: 'eventType' },
  'POST /v1/event-types/:name/archive': {
    names: 'eventType',
    body: none,
    async prepare(api, { productId }) {
      const { name } = await api.must('PUT', `/v1/event-types/${unique('short.lived')}`, { productId });
      return { eventType: name };
    },
  },
  'PUT /v1/event-types/:name/service-definition': { names: 'eventType', body: () => definition },
  'GET /v1/event-types/:name/service-definition': { names: 'eventType', prepare: putDefinition },
  'POST /v1/event-types/:name/service-definition/dry-run': {
    names: 'eventType',
    body: () => ({ definition, data: {} }),
  },
  'DELETE /v1/event-types/:name/service-definition': { names: 'eventType', prepare: putDefinition },
  'POST /v1/customers': { names: 'productId', body: ({ productId }) => ({ name: 'C', productId }) },
  'GET /v1/customers': { names: 'customerId', shows: items('id') },
  'GET /v1/customers/:id': { names: 'customerId' },
  'PATCH /v1/customers/:id': { names: 'customerId', body: () => ({ name: 'C' }) },
  'DELETE /v1/customers/:id': {
    names: 'customerId',
    async prepare(api, { productKey }) {
      return { customerId: (await api.must('POST', '/v1/customers', { name: 'E' }, productKey)).id };
    },
  },
  'GET /v1/erasures': { names: 'erasureId', shows: items('id') },
  'GET /v1/erasures/:id': { names: 'erasureId' },
  'PUT /v1/customers/:id/subscriptions': {
    names: 'customerId',
    body: ({ eventType }) => ({ subscriptions: [{ name: 'main', url: URL, eventTypes: [eventType] }] }),
  },
  'POST /v1/customers/:id/transform/dry-run': { names: 'customerId', body: draft },
  'POST /v1/subscriptions': {
    names: 'customerId',
    body: ({ customerId }) => ({ customerId, name: unique('s'), url: URL, eventTypes: ['*'] }),
  },
  'GET /v1/subscriptions': { ...subscription, shows: items('id') },
  'GET /v1/subscriptions/:id': subscription,
  'PATCH /v1/subscriptions/:id': { ...subscription, body: () => ({ description: unique('d') }) },
  'DELETE /v1/subscriptions/:id': {
    ...subscription,
    async prepare(api, { customerId, productKey }) {
      const settings = { customerId, name: unique('s'), url: URL, eventTypes: ['*'] };
      return { subscriptionId: (await api.must('POST', '/v1/subscriptions', settings, productKey)).id };
    },
  },
  'POST /v1/subscriptions/:id/enable': withEmptyBody,
  'POST /v1/subscriptions/:id/disable': withEmptyBody,
  'GET /v1/subscriptions/:id/statistics': subscription,
  'GET /v1/subscriptions/:id/series': subscription,
  'POST /v1/subscriptions/:id/trigger': {
    ...subscription,
    body: ({ eventType }) => ({ type: eventType, data: {} }),
  },
  'POST /v1/subscriptions/:id/transform/dry-run': { ...subscription, body: draft },
  'GET /v1/subscriptions/:id/secret': subscription,
  'POST /v1/subscriptions/:id/secret/rotate': withEmptyBody,
  'POST /v1/subscriptions/:id/secret/link': withEmptyBody,
  'POST /v1/subscriptions/:id/signing-key': withEmptyBody,
  'GET /v1/subscriptions/:id/signing-key': { ...subscription, prepare: putSigningKey },
  'DELETE /v1/subscriptions/:id/signing-key': { ...subscription, prepare: putSigningKey },
  'POST /v1/subscriptions/:id/challenge': withEmptyBody,
  'GET /v1/subscriptions/:id/challenges': subscription,
  'GET /v1/subscriptions/:id/notifications': subscription,
  'POST /v1/subscriptions/:id/recover': {
    ...subscription,
    body: () => ({ since: '2026-01-02T03:04:05Z' }),
    // Only one recovery of a subscription may run at a time.
    async prepare(api) {
      await api.database.db.query({ text: "update recoveries set status = 'cancelled', finished_at = now()" });
      return {};
    },
  },
  'POST /v1/url-allowlist': {
    names: 'customerId',
    body: ({ customerId }) => ({ pattern: `https://${unique('host')}.example`, customerId }),
  },
  'GET /v1/url-allowlist': { names: 'allowlistId', shows: items('id') },
  'PATCH /v1/url-allowlist/:id': { names: 'allowlistId', body: () => ({ status: 'rejected' }) },
  'DELETE /v1/url-allowlist/:id': {
    names: 'allowlistId',
    async prepare(api, { productKey }) {
      const entry = { pattern: `https://${unique('host')}.example` };
      return { allowlistId: (await api.must('POST', '/v1/url-allowlist', entry, productKey)).id };
    },
  },
  'GET /v1/notifications': { names: 'notificationId', shows: items('id') },
  'POST /v1/notifications/retry': {
    names: 'notificationId',
    body: ({ notificationId }) => ({ ids: [notificationId] }),
    shows: ({ results }) =>
      (results as { id: string; code: string | null }[]).filter(({ code }) => code !== 'not-found').map(({ id }) => id),
  },
  'POST /v1/notifications/cancel': {
    names: 'notificationId',
    body: ({ notificationId }) => ({ ids: [notificationId] }),
    shows: ({ results }) =>
      (results as { id: string; code: string | null }[]).filter(({ code }) => code !== 'not-found').map(({ id }) => id),
  },
  'GET /v1/notifications/:id': { names: 'notificationId' },
  'POST /v1/notifications/:id/retry': {
    names: 'notificationId',
    body: none,
    async prepare(api, { notificationId, subscriptionId }) {
      // A held notification cannot be retried.
      await api.must('POST', `/v1/subscriptions/${subscriptionId}/enable`, {});
      await api.must('POST', `/v1/notifications/${notificationId}/cancel`, {});
      return {};
    },
  },
  'POST /v1/notifications/:id/cancel': { names: 'notificationId', body: none },
  'GET /v1/attempts/:id': { names: 'attemptId' },
  'POST /v1/recoveries': {
    names: 'subscriptionId',
    body: ({ subscriptionId }) => ({ filter: { subscriptionId } }),
    // Only five recoveries by filter may run at a time.
    async prepare(api) {
      await api.database.db.query({ text: "update recoveries set status = 'cancelled', finished_at = now()" });
      return {};
    },
  },
  'POST /v1/attempts/:id/signed-request': { names: 'attemptId', body: none },
  'GET /v1/recoveries': { names: 'recoveryId', shows: items('id') },
  'GET /v1/recoveries/:id': { names: 'recoveryId' },
  'POST /v1/recoveries/:id/cancel': { names: 'recoveryId', body: none },
  'GET /v1/overview': {
    ...subscription,
    shows: ({ worst }) => (worst as { subscriptionId: string }[]).map(({ subscriptionId }) => subscriptionId),
  },
  'GET /v1/retention': {},
  'GET /v1/activity': {},
  'POST /v1/api-keys': { names: 'productId', body: ({ productId }) => ({ name: 'k', role: 'viewer', productId }) },
  'GET /v1/api-keys': {},
  'POST /v1/api-keys/:id/rotate': { names: 'apiKeyId', body: () => ({}) },
  'DELETE /v1/api-keys/:id': {
    names: 'apiKeyId',
    async prepare(api) {
      return { apiKeyId: (await api.must('POST', '/v1/api-keys', { name: 'k', role: 'viewer' })).id };
    },
  },
  'POST /v1/oauth-clients': { names: 'productId', body: ({ productId }) => ({ name: 'c', role: 'viewer', productId }) },
  'GET /v1/oauth-clients': {},
  'POST /v1/oauth-clients/:id/rotate': { names: 'oauthClientId', body: () => ({}) },
  'DELETE /v1/oauth-clients/:id': {
    names: 'oauthClientId',
    async prepare(api) {
      return { oauthClientId: (await api.must('POST', '/v1/oauth-clients', { name: 'c', role: 'viewer' })).clientId };
    },
  },
  'PUT /v1/webhooks': {
    names: 'customerId',
    body: ({ customerId, eventType }) => ({ customerId, url: `${URL}webhook`, events: [eventType] }),
  },
  'GET /v1/webhooks': { names: 'customerId', query: ({ customerId }) => `?customerId=${customerId}` },
  'DELETE /v1/webhooks': {
    names: 'customerId',
    body: ({ customerId }) => ({ customerId, url: `${URL}webhook` }),
    async prepare(api, { customerId, eventType, productKey }) {
      await api.must('PUT', '/v1/webhooks', { customerId, url: `${URL}webhook`, events: [eventType] }, productKey);
      return {};
    },
  },
  'PUT /v1/webhook': {
    names: 'customerId',
    body: ({ customerId, eventType }) => ({ customerId, url: `${URL}alias`, events: [eventType] }),
  },
  'GET /v1/webhook': { names: 'customerId', query: ({ customerId }) => `?customerId=${customerId}` },
  'DELETE /v1/webhook': {
    names: 'customerId',
    body: ({ customerId }) => ({ customerId, url: `${URL}alias` }),
    async prepare(api, { customerId, eventType, productKey }) {
      await api.must('PUT', '/v1/webhooks', { customerId, url: `${URL}alias`, events: [eventType] }, productKey);
      return {};
    },
  },
  'POST /v1/portal-sessions': { names: 'customerId', body: ({ customerId }) => ({ customerId }) },
  'GET /v1/portal-sessions': { names: 'portalSessionId', shows: items('id') },
  'DELETE /v1/portal-sessions': {
    names: 'customerId',
    query: ({ customerId }) => `?customerId=${customerId}`,
    async prepare(api, { productKey }) {
      return { customerId: (await api.must('POST', '/v1/customers', { name: 'E' }, productKey)).id };
    },
  },
  'DELETE /v1/portal-sessions/:id': {
    names: 'portalSessionId',
    async prepare(api, { customerId }) {
      return { portalSessionId: (await api.must('POST', '/v1/portal-sessions', { customerId })).id };
    },
  },
  'POST /v1/deploys': { names: 'customerId', body: ({ customerId }) => ({ customerId, version: '1' }) },
  'GET /v1/deploys': { names: 'deployId', shows: items('id') },
  'GET /v1/deploys/:id': { names: 'deployId' },
  'DELETE /v1/deploys/:id': {
    names: 'deployId',
    async prepare(api, { customerId }) {
      return { deployId: (await api.must('POST', '/v1/deploys', { customerId, version: '1' })).id };
    },
  },
  'POST /v1/play-inboxes': { names: 'customerId', body: ({ customerId }) => ({ customerId, name: 'I' }) },
  'GET /v1/play-inboxes': { names: 'playInboxId', shows: items('id') },
  'GET /v1/play-inboxes/:id': { names: 'playInboxId' },
  'PATCH /v1/play-inboxes/:id': { names: 'playInboxId', body: () => ({ name: 'I' }) },
  'DELETE /v1/play-inboxes/:id': {
    names: 'playInboxId',
    async prepare(api, { customerId }) {
      return { playInboxId: (await api.must('POST', '/v1/play-inboxes', { customerId, name: 'I' })).id };
    },
  },
  'GET /v1/play-inboxes/:id/requests': { names: 'playInboxId' },
  'GET /v1/play-requests/:id': { names: 'playRequestId' },
  'GET /v1/sessions': {},
  'DELETE /v1/sessions': {},
  'DELETE /v1/sessions/:id': {
    names: 'sessionId',
    prepare: async (api, _objects, key) => ({ sessionId: await signIn(api, key!) }),
  },
  'GET /v1/audit': { names: 'productId', query: () => '?limit=200', shows: items('productId') },
};
