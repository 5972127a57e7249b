import type { z } from 'zod';
import { encodeId, newUuid } from '../../src/domain/ids';
import { ADMIN_KEY, startTestApi, type TestApi } from '../support/api';

/**
 * Every declared list: paging, and what another tenant sees of it. A new list is covered as soon as
 * it is in the list of routes.
 */
const EACH = 5;
const SHARED = 'shared-customer';
let api: TestApi;
let keyOfA: string;
let keyOfB: string;
let viewerOfB: string;
let subscriptionId: string;
let eventId: string;
let inboxId: string;

beforeAll(async () => {
  api = await startTestApi();
  const a = await api.tenant('A');
  const b = await api.tenant('B');
  [keyOfA, keyOfB] = [a.key, b.key];
  viewerOfB = (await api.must('POST', '/v1/api-keys', { name: 'v', role: 'viewer', productId: b.productId })).key;
  await api.must('POST', '/v1/customers', { id: SHARED, name: 'Shared' });
  for (let i = 0; i < EACH; i++) {
    await api.must('POST', '/v1/products', { id: `a-product-${i}`, name: 'P' });
    await api.must('PUT', `/v1/event-types/a.happened.v${i}`, {}, a.key);
    await api.must('POST', '/v1/customers', { id: `a-customer-${i}`, name: 'C' }, a.key);
    await api.must('POST', '/v1/portal-sessions', { customerId: `a-customer-${i}` }, a.key);
    await api.must('POST', '/v1/customers', { id: `a-erased-${i}`, name: 'C' }, a.key);
    await api.must('DELETE', `/v1/customers/a-erased-${i}`, undefined, a.key);
    await api.must('POST', '/v1/url-allowlist', { pattern: `https://a${i}.example` }, a.key);
    await api.must('POST', '/v1/api-keys', { name: 'k', role: 'viewer', productId: a.productId });
    await api.must('POST', '/v1/oauth-clients', { name: 'k', role: 'viewer', productId: a.productId });
    await api.call('POST', '/v1/session', { key: null, body: { credential: ADMIN_KEY } });
    const settings = { customerId: SHARED, name: `a-${i}`, url: 'http://127.0.0.1:1/', eventTypes: ['*'] };
    subscriptionId = (await api.must('POST', '/v1/subscriptions', settings, a.key)).id;
    const inbox = await api.must('POST', '/v1/play-inboxes', { customerId: SHARED, name: 'I' }, a.key);
    inboxId = inbox.id;
    await api.must('POST', '/v1/deploys', { customerId: SHARED, version: '1' }, a.key);
    if (i === EACH - 1)
      for (let sent = 0; sent < EACH; sent++)
        await api.call('POST', inbox.url.replace(api.url, ''), { key: null, raw: '{}' });
  }
  for (let i = 0; i < EACH; i++) {
    const event = { type: 'a.happened.v0', customerId: SHARED, data: {} };
    eventId = (await api.must('POST', '/v1/events', event, a.key)).id;
    await api.must('POST', `/v1/subscriptions/${subscriptionId}/challenge`, {}, a.key);
    const recovery = { since: '2026-01-01T00:00:00Z' };
    const { id } = await api.must('POST', `/v1/subscriptions/${subscriptionId}/recover`, recovery, a.key);
    // Only one recovery may run at a time.
    await api.must('POST', `/v1/recoveries/${id}/cancel`, {}, a.key);
  }
});
afterAll(() => api?.stop());

interface Item {
  id?: string;
  clientId?: string;
  name?: string;
  at?: string;
  acceptedAt?: string;
  createdAt?: string;
}
const identity = ({ id, clientId, name }: Item): string => id ?? clientId ?? name!;

const objectOf = (path: string) =>
  path.startsWith('/v1/events/') ? eventId : path.startsWith('/v1/play-inboxes/') ? inboxId : subscriptionId;

/** The lists, with the paths of tenant A's objects. */
function lists(): { path: string; roles: readonly string[]; query: z.ZodObject }[] {
  return api.routes
    .filter(({ query }) => query && 'cursor' in (query as z.ZodObject).shape)
    .map(({ path, roles, query }) => ({
      path: path.replace(':id', objectOf(path)),
      roles: roles as readonly string[],
      query: query as z.ZodObject,
    }));
}

async function pages(path: string, limit: number, between: () => Promise<unknown> = async () => undefined) {
  const seen: Item[][] = [];
  let cursor: string | null = null;
  do {
    const page: { items: Item[]; nextCursor: string | null } = await api.must(
      'GET',
      `${path}?limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`,
    );
    seen.push(page.items);
    cursor = page.nextCursor;
    await between();
  } while (cursor !== null);
  return seen;
}

it('the pages of every list add up to the whole list, without gaps or repeats', async () => {
  expect(lists()).toHaveLength(20);
  for (const { path } of lists()) {
    const whole = (await api.must('GET', `${path}?limit=200`)) as { items: Item[]; nextCursor: string | null };
    expect([path, whole.items.length >= EACH, whole.nextCursor]).toEqual([path, true, null]);
    for (const limit of [1, 2, whole.items.length]) {
      const paged = await pages(path, limit);
      expect([path, paged.flat()]).toEqual([path, whole.items]);
      for (const page of paged.slice(0, -1)) expect(page).toHaveLength(limit);
      expect(paged.at(-1)!.length).toBeGreaterThan(0);
    }
    expect(new Set(whole.items.map(identity)).size).toBe(whole.items.length);
  }
});

it('an item is listed since the time that it shows, not before', async () => {
  const ofTime = lists().filter(({ query }) => 'since' in query.shape);
  expect(ofTime.map(({ path }) => path).sort()).toEqual([
    '/v1/audit',
    '/v1/deploys',
    '/v1/events',
    '/v1/notifications',
    `/v1/subscriptions/${subscriptionId}/notifications`,
  ]);
  for (const { path } of ofTime) {
    const whole: Item[] = (await api.must('GET', `${path}?limit=200`)).items;
    const times = whole.map(({ at, acceptedAt, createdAt }) => (at ?? acceptedAt ?? createdAt)!);
    expect([path, times]).toEqual([path, [...times].sort().reverse()]);
    for (const [index, time] of times.slice(0, EACH).entries()) {
      const since: Item[] = (await api.must('GET', `${path}?limit=200&since=${time}`)).items;
      const until: Item[] = (await api.must('GET', `${path}?limit=200&until=${time}`)).items;
      const id = identity(whole[index]!);
      expect([path, since.map(identity).includes(id), until.map(identity).includes(id)]).toEqual([path, true, false]);
    }
  }
});

it('paging is stable while new items are created', async () => {
  const before = (await api.must('GET', '/v1/events?limit=200')).items.map(identity);
  const post = () => api.must('POST', '/v1/events', { type: 'a.happened.v1', customerId: SHARED, data: {} }, keyOfA);
  expect((await pages('/v1/events', 2, post)).flat().map(identity)).toEqual(before);
});

it('lists show nothing of another tenant', async () => {
  const ofB = await api.must('GET', '/v1/products', undefined, keyOfB);
  for (const { path, roles } of lists()) {
    if (!roles.includes('product')) continue;
    for (const key of roles.includes('viewer') ? [keyOfB, viewerOfB] : [keyOfB]) {
      const { status, body } = await api.call('GET', path, { key });
      if ([subscriptionId, eventId, inboxId].some((id) => path.includes(id))) {
        expect([path, status]).toEqual([path, 404]);
        continue;
      }
      const own = [...ofB.items.map(identity), SHARED];
      const isOfOthers = (entry: { productId: string }) => !own.includes(entry.productId);
      // Audit entries about its own product, such as the creation of its keys by an admin.
      const items = path === '/v1/audit' ? body.items.filter(isOfOthers) : body.items;
      expect([path, items.map(identity).filter((id: string) => !own.includes(id))]).toEqual([path, []]);
    }
  }
});

it("a filter by another tenant's object finds nothing, like a filter by an unknown one", async () => {
  for (const query of [
    `subscriptionId=${subscriptionId}`,
    `subscriptionId=${encodeId('sub', newUuid())}`,
    'customerId=a-customer-0',
    `customerId=${SHARED}`,
    'type=a.happened.v0',
  ]) {
    expect((await api.must('GET', `/v1/notifications?${query}`, undefined, keyOfB)).items).toEqual([]);
  }
  expect((await api.must('GET', `/v1/subscriptions?customerId=${SHARED}`, undefined, keyOfB)).items).toEqual([]);
  expect((await api.must('GET', `/v1/events?customerId=${SHARED}`, undefined, keyOfB)).items).toEqual([]);
});

it('subscriptions are listed by customer, product and status', async () => {
  await api.must('POST', `/v1/subscriptions/${subscriptionId}/disable`, {}, keyOfA);
  const list = async (query: string) =>
    (await api.must('GET', `/v1/subscriptions?${query}`, undefined, keyOfA)).items.map(identity);
  expect(await list('status=disabled')).toEqual([subscriptionId]);
  expect(await list(`customerId=${SHARED}&status=enabled`)).toHaveLength(EACH - 1);
  expect(await list('customerId=a-customer-0')).toEqual([]);
  const [{ id: productId }] = (await api.must('GET', '/v1/products', undefined, keyOfA)).items;
  expect(await list(`productId=${productId}`)).toHaveLength(EACH);
  expect(await list('productId=a-product-0')).toEqual([]);
});

it('subscriptions are listed by their ids, those of others excepted', async () => {
  const { items } = await api.must('GET', '/v1/subscriptions?limit=3', undefined, keyOfA);
  const [first, , third] = items.map(identity);
  const list = async (query: string, key = keyOfA) =>
    (await api.must('GET', `/v1/subscriptions?${query}`, undefined, key)).items.map(identity);
  expect(await list(`id=${third},${first}`)).toEqual([first, third]);
  expect(await list(`id=${first},${third}&sort=oldest`)).toEqual([third, first]);
  expect(await list(`id=${first}&limit=1`)).toEqual([first]);
  expect(await list(`id=${first},${first}`)).toEqual([first]);
  expect(await list(`id=${first},${third}`, keyOfB)).toEqual([]);
  // Well-formed, but the id of nothing.
  expect(await list(`id=sub_${'0'.repeat(26)}`)).toEqual([]);
  expect(await list(`id=sub_${'z'.repeat(26)}`)).toEqual([]);
  expect(await list(`id=${Array.from({ length: 200 }, () => first).join(',')}`)).toEqual([first]);
});

it('refuses an invalid value of a list filter', async () => {
  for (const [path, field] of [
    ['/v1/notifications?status=done', 'status'],
    ['/v1/notifications?since=yesterday', 'since'],
    ['/v1/notifications?until=2026-02-30T00:00:00Z', 'until'],
    ['/v1/events?type=a..b', 'type'],
    ['/v1/event-types?archived=yes', 'archived'],
    ['/v1/subscriptions?status=', 'status'],
    ['/v1/subscriptions?id=sub_1', 'id'],
    [`/v1/subscriptions?id=ntf_${'0'.repeat(26)}`, 'id'],
    [`/v1/subscriptions?id=sub_${'0'.repeat(26)},`, 'id'],
    [`/v1/subscriptions?id=${Array.from({ length: 201 }, () => `sub_${'0'.repeat(26)}`).join(',')}`, 'id'],
    ['/v1/url-allowlist?status=requested&status=approved', 'status'],
  ]) {
    expect(await api.call('GET', path!, { key: ADMIN_KEY })).toMatchObject({
      status: 422,
      body: { errors: [{ path: `query/${field}` }] },
    });
  }
});
