import { startTestApi, type TestApi } from '../support/api';

/**
 * Concurrent calls that change the same object: each takes effect as if they had come one after the
 * other.
 */
const ROUNDS = 20;
let api: TestApi;
let key: string;
let customerId: string;

beforeAll(async () => {
  api = await startTestApi();
  ({ key } = await api.tenant('concurrent'));
  customerId = (await api.must('POST', '/v1/customers', { name: 'C' }, key)).id;
  await api.must('PUT', '/v1/event-types/concurrent.v1', {}, key);
});
afterAll(() => api?.stop());

let counter = 0;
const settings = (overrides = {}) => ({
  name: `subscription ${++counter}`,
  url: 'http://127.0.0.1:1/',
  eventTypes: ['*'],
  ...overrides,
});
const subscribe = (overrides = {}) =>
  api.must('POST', '/v1/subscriptions', { customerId, ...settings(overrides) }, key);

it('concurrent changes of different fields of a subscription both take effect', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { id } = await subscribe();
    await Promise.all([
      api.must('PATCH', `/v1/subscriptions/${id}`, { description: 'changed' }, key),
      api.must('PATCH', `/v1/subscriptions/${id}`, { timeoutSeconds: 7 }, key),
      api.must('POST', `/v1/subscriptions/${id}/disable`, {}, key),
    ]);
    expect(await api.must('GET', `/v1/subscriptions/${id}`, undefined, key)).toMatchObject({
      description: 'changed',
      timeoutSeconds: 7,
      enabled: false,
    });
  }
});

it('a change concurrent with the deletion of a subscription succeeds or returns 404', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { id } = await subscribe();
    const [deleted, ...changes] = await Promise.all([
      api.call('DELETE', `/v1/subscriptions/${id}`, { key }),
      api.call('PATCH', `/v1/subscriptions/${id}`, { key, body: { description: 'changed' } }),
      api.call('POST', `/v1/subscriptions/${id}/disable`, { key, body: {} }),
      api.call('POST', `/v1/subscriptions/${id}/secret/rotate`, { key, body: {} }),
    ]);
    expect(deleted!.status).toBe(204);
    for (const { status, body } of changes) expect([200, 404]).toContain(status === 200 && !body ? 'empty' : status);
    expect(await api.call('GET', `/v1/subscriptions/${id}`, { key })).toMatchObject({ status: 404 });
  }
});

it('concurrent rotations leave one current secret and one in its overlap', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { id } = await subscribe();
    const rotated = await Promise.all(
      [1, 2, 3].map(() => api.must('POST', `/v1/subscriptions/${id}/secret/rotate`, {}, key)),
    );
    const revealed = await api.must('GET', `/v1/subscriptions/${id}/secret`, undefined, key);
    expect(rotated.map(({ secret }) => secret)).toContain(revealed.secret);
    expect(revealed.previous).toMatchObject({ expiresAt: expect.any(String) });
    const { rows } = await api.database.db.query<{ current: number; all: number }>({
      text: `select count(*) filter (where expires_at is null) as current, count(*) as all from subscription_secrets
             where subscription_id = (select subscription_id from subscription_secrets order by id desc limit 1)`,
    });
    expect(rows).toEqual([{ current: 1, all: 2 }]);
  }
});

it('concurrent set-ups of one customer do not mix', async () => {
  const { id } = await api.must('POST', '/v1/customers', { name: 'D' }, key);
  const setUp = (names: string[]) =>
    api.must(
      'PUT',
      `/v1/customers/${id}/subscriptions`,
      { subscriptions: names.map((name) => settings({ name })) },
      key,
    );
  for (let round = 0; round < ROUNDS; round++) {
    const wanted = [['a', 'b'], ['b', 'c'], ['d']];
    await Promise.all(wanted.map(setUp));
    const { items } = await api.must('GET', `/v1/subscriptions?customerId=${id}`, undefined, key);
    expect(wanted).toContainEqual(items.map(({ name }: { name: string }) => name).sort());
  }
});

it('a subscription created while its URL is approved becomes enabled', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const pattern = `https://round-${round}.example`;
    const entry = await api.must('POST', '/v1/url-allowlist', { pattern }, key);
    const [, ...created] = await Promise.all([
      api.must('PATCH', `/v1/url-allowlist/${entry.id}`, { status: 'approved' }),
      ...[1, 2, 3, 4].map(() => subscribe({ url: `${pattern}/hook` })),
    ]);
    for (const { id } of created)
      expect(await api.must('GET', `/v1/subscriptions/${id}`, undefined, key)).toMatchObject({ status: 'enabled' });
  }
});

it('concurrent posts of one event id create one event and return the same notifications', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const { id } = await subscribe();
    const body = { id: `event-${round}`, type: 'concurrent.v1', customerId, data: { round } };
    const answers = await Promise.all([1, 2, 3, 4].map(() => api.call('POST', '/v1/events', { key, body })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 202]);
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body.notifications))).size).toBe(1);
    await api.must('DELETE', `/v1/subscriptions/${id}`, undefined, key);
  }
});

it('concurrent posts with one Idempotency-Key create one event', async () => {
  const headers = { 'idempotency-key': 'concurrent' };
  const body = { type: 'concurrent.v1', customerId, data: {} };
  const answers = await Promise.all([1, 2, 3, 4].map(() => api.call('POST', '/v1/events', { key, body, headers })));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
});

it('two retries of the same notifications in opposite orders both succeed, with their results in order', async () => {
  await subscribe({ retrySchedule: [] });
  const ids: string[] = [];
  for (let count = 0; count < 40; count++) {
    const event = { type: 'concurrent.v1', customerId, data: {} };
    ids.push((await api.must('POST', '/v1/events', event, key)).notifications[0].id);
  }
  const reversed = [...ids].reverse();
  for (let round = 0; round < 5; round++) {
    await api.database.db.query({ text: "update notifications set status = 'failed', reconcile_after = null" });
    const answers = await Promise.all(
      [ids, reversed].map((order) => api.call('POST', '/v1/notifications/retry', { key, body: { ids: order } })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[1]!.body.results.map(({ id }: { id: string }) => id)).toEqual(reversed);
  }
});
