import { startTestApi, type TestApi } from '../support/api';

let api: TestApi;
let tenant: { productId: string; key: string };
let subscriptions: { id: string; name: string }[];

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.tenant('Search');
  for (const name of ['claim.created.v1', 'claim.closed.v1', 'refund.made.v1'])
    await api.must('PUT', `/v1/event-types/${name}`, { productId: tenant.productId, description: `About ${name}.` });
  for (const id of ['acme', 'northwind']) {
    await api.must('POST', '/v1/customers', { id, name: `${id.toUpperCase()} Ltd`, productId: tenant.productId });
  }
  const make = (customerId: string, name: string, eventTypes: string[]) =>
    api.must('POST', '/v1/subscriptions', { customerId, name, url: `http://127.0.0.1:9/${name}`, eventTypes });
  subscriptions = [
    await make('northwind', 'beta', ['claim.*.v1']),
    await make('acme', 'gamma', ['refund.made.v1']),
    await make('acme', 'alpha', ['*']),
  ];
});
afterAll(() => api.stop());

const names = async (query: string, key = tenant.key) =>
  (await api.must('GET', `/v1/subscriptions?${query}`, undefined, key)).items.map(({ name }: { name: string }) => name);

it.each([
  ['sort=newest', ['alpha', 'gamma', 'beta']],
  ['sort=oldest', ['beta', 'gamma', 'alpha']],
  ['sort=name', ['alpha', 'beta', 'gamma']],
  ['sort=customer', ['gamma', 'alpha', 'beta']],
  ['sort=name&q=A', ['alpha', 'beta', 'gamma']],
  ['q=GAM', ['gamma']],
  ['q=northw', ['beta']],
  ['q=%25', []],
  ['sort=name&eventType=claim.created.v1', ['alpha', 'beta']],
  ['sort=name&eventType=refund.made.v1', ['alpha', 'gamma']],
  ['eventType=unknown.v1', []],
])('search lists subscriptions by %s', async (query, expected) => {
  expect(await names(query)).toEqual(expected);
});

it.each(['newest', 'oldest', 'name', 'customer'])(
  'search pages through subscriptions sorted by %s, each once',
  async (sort) => {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query = new URLSearchParams({ sort, limit: '1', ...(cursor ? { cursor } : {}) });
      const page: { items: { name: string }[]; nextCursor: string | null } = await api.must(
        'GET',
        `/v1/subscriptions?${query}`,
        undefined,
        tenant.key,
      );
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(await names(`sort=${sort}`));
  },
);

it('search finds a subscription by its id', async () => {
  expect(await names(`q=${subscriptions[1]!.id}`)).toEqual(['gamma']);
});

it('search stays within the scope of the caller', async () => {
  const other = await api.tenant('Other');
  expect(await names('q=gamma', other.key)).toEqual([]);
});

it.each([
  ['/v1/customers?q=ACM', 'acme'],
  ['/v1/customers?q=northwind%20ltd', 'northwind'],
  ['/v1/event-types?q=REFUND', 'refund.made.v1'],
  ['/v1/products?q=sear', 'Search'],
])('search finds subscriptions by %s', async (route, expected) => {
  const { items } = await api.must('GET', route, undefined, tenant.key);
  expect(items).toHaveLength(1);
  expect(Object.values(items[0])).toContain(expected);
});

it('search finds notifications by status, by event and by either id', async () => {
  const event = { id: 'given-1', type: 'claim.created.v1', customerId: 'acme', data: {} };
  const { notifications } = await api.must('POST', '/v1/events', event, tenant.key);
  const generated = await api.must('POST', '/v1/events', { ...event, id: undefined }, tenant.key);
  const found = async (query: string) =>
    (await api.must('GET', `/v1/notifications?${query}`, undefined, tenant.key)).items.map(
      ({ id }: { id: string }) => id,
    );
  const [first, second] = [notifications[0].id, generated.notifications[0].id];
  expect(await found('status=pending,failed')).toEqual([second, first]);
  expect(await found('status=failed,cancelled')).toEqual([]);
  expect(await found('eventId=given-1')).toEqual([first]);
  expect(await found(`eventId=${generated.id}`)).toEqual([second]);
  expect(await found('q=given-1')).toEqual([first]);
  expect(await found(`q=${generated.id}`)).toEqual([second]);
  expect(await found(`q=${first}`)).toEqual([first]);
  expect(await found('q=nothing')).toEqual([]);
  const other = await api.tenant('Not theirs');
  expect((await api.must('GET', '/v1/notifications?q=given-1', undefined, other.key)).items).toEqual([]);
});
