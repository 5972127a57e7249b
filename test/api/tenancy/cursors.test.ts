import { startTestApi, type TestApi } from '../../support/api';
import { decodeId } from '../../../src/domain/ids';
import { makeTenant, settings } from '../../support/tenant';

/** Sorted lists of subscriptions: what their cursors hold, and what a forged one reveals. */
let api: TestApi;
let mine: Awaited<ReturnType<typeof makeTenant>>;
let foreign: string;
const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'ünï cödé \u{1f4a1}', '"quoted", [1]'];

beforeAll(async () => {
  api = await startTestApi();
  mine = await makeTenant(api);
  const other = await makeTenant(api);
  const subscribe = async ({ key, customerId }: typeof mine, name: string) =>
    (await api.must('POST', '/v1/subscriptions', settings({ customerId, name }), key)).id as string;
  for (const name of NAMES) await subscribe(mine, name);
  foreign = await subscribe(other, 'beta-and-a-half');
});
afterAll(() => api.stop());

const encode = (text: string) => Buffer.from(text).toString('base64url');
const list = (query: string) => api.call('GET', `/v1/subscriptions?${query}`, { key: mine.key });

it.each(['newest', 'oldest', 'name', 'customer', 'success-rate', '-success-rate', 'p95', '-p95'])(
  'the pages of a list sorted by %s add up to the list',
  async (sort) => {
    const whole = (await list(`sort=${sort}`)).body.items.map(({ name }: { name: string }) => name);
    expect([...whole].sort()).toEqual([...NAMES].sort());
    const paged: string[] = [];
    for (let cursor = ''; ;) {
      const { status, body } = await list(`sort=${sort}&limit=1${cursor && `&cursor=${cursor}`}`);
      expect(status).toBe(200);
      paged.push(...body.items.map(({ name }: { name: string }) => name));
      if (body.nextCursor === null) break;
      cursor = body.nextCursor;
    }
    expect(paged).toEqual(whole);
  },
);

it('refuses a bare id as the cursor of a list sorted by name or customer, whoever owns it', async () => {
  const ids = [foreign, 'sub_00000000000000000000000001'].map((id) => decodeId('sub', id)!);
  for (const sort of ['name', 'customer']) {
    for (const id of ids) {
      const { status, body } = await list(`sort=${sort}&cursor=${encode(id)}`);
      expect([sort, status, body.code]).toEqual([sort, 400, 'invalid-cursor']);
    }
  }
});

it('refuses a forged cursor with the right sort key', async () => {
  const { id } = (await list('sort=name&limit=1')).body.items[0];
  for (const key of [JSON.stringify(['name', 'alpha', decodeId('sub', id)]), decodeId('sub', id)!]) {
    for (const text of [key, `${'x'.repeat(12)}${key}`]) {
      for (const sort of ['name', 'newest']) {
        const { status, body } = await list(`sort=${sort}&cursor=${encode(text)}`);
        expect([text, status, body.code]).toEqual([text, 400, 'invalid-cursor']);
      }
    }
  }
});

it('refuses the cursor of another sort order, which holds another key', async () => {
  const sorts = ['newest', 'name', 'customer', 'success-rate', '-success-rate', 'p95', '-p95'];
  const cursors = await Promise.all(
    sorts.map(async (sort) => (await list(`sort=${sort}&limit=1`)).body.nextCursor as string),
  );
  for (const sort of sorts)
    for (const [index, cursor] of cursors.entries()) {
      const { status } = await list(`sort=${sort}&cursor=${cursor}`);
      expect([sort, sorts[index], status]).toEqual([sort, sorts[index], sort === sorts[index] ? 200 : 400]);
    }
});

it('refuses a cursor in which any character was changed, added or removed', async () => {
  const { nextCursor } = (await list('sort=name&limit=1')).body as { nextCursor: string };
  const changed = [...nextCursor].map(
    (character, index) => nextCursor.slice(0, index) + (character === 'A' ? 'B' : 'A') + nextCursor.slice(index + 1),
  );
  for (const cursor of [...changed, `${nextCursor}A`, `${nextCursor}=`, nextCursor.slice(0, -1), nextCursor.slice(1)]) {
    const { status, body } = await list(`sort=name&cursor=${cursor}`);
    expect([cursor, status, body.code]).toEqual([cursor, 400, 'invalid-cursor']);
  }
  expect((await list(`sort=name&cursor=${nextCursor}`)).status).toBe(200);
});

it('continues after the last item even if that was deleted or renamed meanwhile', async () => {
  const { customerId, key } = await makeTenant(api);
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c'])
    ids.push((await api.must('POST', '/v1/subscriptions', settings({ customerId, name }), key)).id);
  const first = await api.must('GET', '/v1/subscriptions?sort=name&limit=1', undefined, key);
  await api.must('DELETE', `/v1/subscriptions/${ids[0]}`, undefined, key);
  const next = await api.must('GET', `/v1/subscriptions?sort=name&cursor=${first.nextCursor}`, undefined, key);
  expect(next.items.map(({ name }: { name: string }) => name)).toEqual(['b', 'c']);
});

it('continues in the order of before if the last item was renamed meanwhile, without gaps or repeats', async () => {
  for (const [name, rest] of [
    ['zz', ['c', 'd', 'zz']],
    ['0', ['c', 'd']],
  ] as const) {
    const { customerId, key } = await makeTenant(api);
    const ids: string[] = [];
    for (const each of ['a', 'b', 'c', 'd'])
      ids.push((await api.must('POST', '/v1/subscriptions', settings({ customerId, name: each }), key)).id);
    const first = await api.must('GET', '/v1/subscriptions?sort=name&limit=2', undefined, key);
    await api.must('PATCH', `/v1/subscriptions/${ids[1]}`, { name }, key);
    const next = await api.must('GET', `/v1/subscriptions?sort=name&cursor=${first.nextCursor}`, undefined, key);
    expect(next.items.map((item: { name: string }) => item.name)).toEqual(rest);
  }
});

it('refuses the cursor of another list, also of the same list below another object', async () => {
  const { customerId, key, eventType } = await makeTenant(api);
  const subscriptions: string[] = [];
  for (const name of ['a', 'b']) {
    const { id } = await api.must('POST', '/v1/subscriptions', settings({ customerId, name }), key);
    subscriptions.push(id);
  }
  for (let i = 0; i < 2; i++) await api.must('POST', '/v1/events', { type: eventType, customerId, data: {} }, key);
  const paths = [
    '/v1/events',
    '/v1/notifications',
    ...subscriptions.map((id) => `/v1/subscriptions/${id}/notifications`),
  ];
  for (const from of paths) {
    const { nextCursor } = await api.must('GET', `${from}?limit=1`, undefined, key);
    for (const path of paths) {
      const { status, body } = await api.call('GET', `${path}?cursor=${nextCursor}`, { key });
      expect([from, path, status, body.code]).toEqual(
        path === from ? [from, path, 200, undefined] : [from, path, 400, 'invalid-cursor'],
      );
    }
  }
});

const ID = '018f0000-0000-7000-8000-000000000001';
it.each([
  ['text that is no JSON', 'name', '["name","a"'],
  ['JSON of another shape', 'name', '{"name":"a"}'],
  ['a list without an id', 'name', '["name","a"]'],
  ['a list with more entries', 'name', `["name","a","${ID}",1]`],
  ['a malformed id', 'name', '["name","a","nobody"]'],
  ['a number for a name', 'name', `["name",1,"${ID}"]`],
  ['a NUL character', 'name', `["name","a\\u0000","${ID}"]`],
  ['white space', 'name', `["name", "a","${ID}"]`],
  ['the sort key of another sort order', 'customer', `["name","a","${ID}"]`],
  ['a sorted cursor in an unsorted list', 'newest', `["name","a","${ID}"]`],
  ['no base64url', 'name', undefined],
  ['5,000 characters', 'name', 'x'.repeat(5000)],
])('a cursor with %s is 400', async (_, sort, text) => {
  const { status, body } = await list(`sort=${sort}&cursor=${text === undefined ? '$$' : encode(text)}`);
  expect([status, body.code, body.errors?.[0].path]).toEqual([400, 'invalid-cursor', 'query/cursor']);
});

it('every list refuses a malformed cursor with 400, and its document declares that', async () => {
  const { paths } = await api.must('GET', '/openapi.json');
  const lists = api.routes.filter(({ query }) => query && 'cursor' in query.shape);
  expect(lists.length).toBeGreaterThan(10);
  const { items } = await api.must('GET', '/v1/subscriptions?limit=1');
  const inbox = await api.must('POST', '/v1/play-inboxes', { customerId: mine.customerId, name: 'I' });
  for (const { path } of lists) {
    const { id } = path.startsWith('/v1/play-inboxes/') ? inbox : items[0];
    const declared = paths[path.replace(/:(\w+)/g, '{$1}')].get.responses['400'];
    expect([path, declared?.description]).toEqual([path, expect.stringContaining('invalid-cursor')]);
    for (const cursor of ['0', '%00', encode('\u0000'), encode('{}')]) {
      const { status, body } = await api.call('GET', `${path.replace(':id', id)}?cursor=${cursor}`);
      expect([path, cursor, status, body.code]).toEqual([path, cursor, 400, 'invalid-cursor']);
    }
  }
});
