import { ADMIN_KEY, startTestApi, type TestApi } from '../support/api';

/**
 * Transforms as callers keep and try them. Their effect on attempts is tested in
 * test/composition/attempts.
 */
let api: TestApi;
let tenant: { productId: string; key: string };
let customerId: string;
let counter = 0;

beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.tenant('transforms');
  customerId = (await api.must('POST', '/v1/customers', { name: 'C' }, tenant.key)).id;
  const schema = { type: 'object', properties: { amount: { type: 'number' } } };
  await api.must('PUT', '/v1/event-types/paid.v1', { schema, sample: { amount: 7 } }, tenant.key);
});
afterAll(() => api?.stop());

const jsonata = (expression: string) => ({ language: 'jsonata', expression });
async function subscribe(settings: Record<string, unknown> = {}, key = tenant.key) {
  const eventTypes = settings.format === 'trigger' ? ['paid.v1'] : ['*'];
  const body = { customerId, name: `s-${++counter}`, url: 'http://127.0.0.1:1/', eventTypes, ...settings };
  return api.call('POST', '/v1/subscriptions', { key, body });
}

it('a transform is stored with its subscription, changed and removed', async () => {
  const transform = jsonata('{"sum": amount}');
  const created = await subscribe({ transform });
  expect(created).toMatchObject({ status: 201, body: { transform } });
  const path = `/v1/subscriptions/${created.body.id}`;
  expect(await api.must('GET', path, undefined, tenant.key)).toMatchObject({ transform });
  expect(await api.must('PATCH', path, { description: 'x' }, tenant.key)).toMatchObject({ transform });
  const other = jsonata('{"n": amount}');
  expect(await api.must('PATCH', path, { transform: other }, tenant.key)).toMatchObject({ transform: other });
  expect(await api.must('PATCH', path, { transform: null }, tenant.key)).toMatchObject({ transform: null });
  expect((await subscribe()).body).toMatchObject({ transform: null });
});

it('refuses a transform that does not parse, with its position, in every call that sets up a subscription', async () => {
  const transform = jsonata('{"a": ');
  const problem = (path: string) => ({
    status: 422,
    body: {
      code: 'invalid-transform',
      errors: [{ path, message: 'line 1, column 6: Expected "}" before end of expression' }],
    },
  });
  expect(await subscribe({ transform })).toMatchObject(problem('/transform/expression'));
  const { body } = await subscribe();
  expect(
    await api.call('PATCH', `/v1/subscriptions/${body.id}`, { key: tenant.key, body: { transform } }),
  ).toMatchObject(problem('/transform/expression'));
  const { id } = await api.must('POST', '/v1/customers', { name: 'Dry runs' }, tenant.key);
  const settings = { name: 's', url: 'http://127.0.0.1:1/', eventTypes: ['*'] };
  expect(
    await api.call('PUT', `/v1/customers/${id}/subscriptions`, {
      key: tenant.key,
      body: { subscriptions: [settings, { ...settings, name: 't', transform }] },
    }),
  ).toMatchObject(problem('/subscriptions/1/transform/expression'));
});

it.each<[unknown, string]>([
  ['{}', '/transform'],
  [{ language: 'javascript', expression: 'x' }, '/transform/language'],
  [{ language: 'jsonata' }, '/transform/expression'],
  [jsonata(''), '/transform/expression'],
  [jsonata('"\ud800"'), '/transform/expression'],
  [jsonata('x'.repeat(16 * 1024 + 1)), '/transform/expression'],
  [{ ...jsonata('x'), timeoutMs: 1 }, '/transform/timeoutMs'],
])('refuses the malformed transform %j', async (transform, path) => {
  expect(await subscribe({ transform })).toMatchObject({
    status: 422,
    body: { code: 'validation-failed', errors: [{ path }] },
  });
});

describe('dry run of a subscription', () => {
  const dryRun = (id: string, body: object = {}, key = tenant.key) =>
    api.call('POST', `/v1/subscriptions/${id}/transform/dry-run`, { key, body });

  it.each<[string, string, string | null]>([
    ['standard', 'POST', '"data":{"sum":7}}'],
    ['envelope', 'POST', '"details":{"messageType":"paid.v1","sum":7}'],
    ['trigger', 'POST', '"data":{"event":{"sum":7}}}'],
    ['flat', 'POST', '{"sum":7,"secret":"***"}'],
    ['standard', 'GET', null],
  ])('a dry run shows the body in format %s by %s, with the secret masked', async (format, method, part) => {
    const transform = jsonata('{"sum": amount}');
    const { body } = await subscribe({ format, method, transform, eventTypes: ['paid.v1'], secret: 'mySecret-text' });
    const answer = await dryRun(body.id);
    expect(answer).toMatchObject({ status: 200, body: { type: 'paid.v1', method } });
    if (part === null) expect(answer.body.body).toBeNull();
    else expect(answer.body.body).toContain(part);
    expect(JSON.stringify(answer.body)).not.toContain('mySecret-text');
  });

  it('a dry run uses an unsaved transform, or none, and given data', async () => {
    const { body } = await subscribe({ transform: jsonata('{"sum": amount}') });
    const data = { amount: 1 };
    const shown = async (change: object) => JSON.parse((await dryRun(body.id, { data, ...change })).body.body).data;
    expect(await shown({})).toEqual({ sum: 1 });
    expect(await shown({ transform: jsonata('{"n": amount + 1}') })).toEqual({ n: 2 });
    expect(await shown({ transform: null })).toEqual({ amount: 1 });
    expect((await dryRun(body.id, { transform: jsonata('(') })).body).toMatchObject({ code: 'invalid-transform' });
  });

  it('a dry run explains in full why nothing could be composed', async () => {
    const { body } = await subscribe({ transform: jsonata('{"n": $number("x" & amount)}') });
    expect(await dryRun(body.id)).toMatchObject({
      status: 422,
      body: {
        code: 'not-composed',
        detail: expect.stringContaining('Unable to cast value to a number: "x7" (JSONata D3030)'),
      },
    });
  });

  it.each<[object, number, string]>([
    [{ type: 'nosuch.v1' }, 422, 'unknown-event-type'],
    [{ data: { amount: 'x' } }, 422, 'data-breaks-schema'],
    [{ data: [] }, 422, 'validation-failed'],
    [{ expression: 'x' }, 422, 'validation-failed'],
  ])('a dry run refuses %j', async (body, status, code) => {
    const { id } = (await subscribe()).body;
    expect(await dryRun(id, body)).toMatchObject({ status, body: { code } });
  });

  it('a dry run returns 404 for a subscription of another tenant, as for an unknown one', async () => {
    const { key } = await api.tenant('stranger');
    for (const id of [(await subscribe()).body.id, 'sub_00000000000000000000000000', 'x'])
      expect(await dryRun(id, {}, key)).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });
});

describe('dry run without a subscription', () => {
  const dryRun = (body: object, id = customerId, key = tenant.key) =>
    api.call('POST', `/v1/customers/${id}/transform/dry-run`, { key, body: { type: 'paid.v1', ...body } });

  it('a dry run for a customer shows the body for the sample or given data', async () => {
    const shown = async (body: object) => JSON.parse((await dryRun(body)).body.data);
    expect(await shown({ transform: jsonata('{"sum": amount}') })).toEqual({ sum: 7 });
    expect(
      await shown({ transform: jsonata('{"sum": amount, "of": $event.customerId}'), data: { amount: 1 } }),
    ).toEqual({ sum: 1, of: customerId });
    expect(await shown({ transform: null })).toEqual({ amount: 7 });
  });

  it.each<[object, number, string]>([
    [{ transform: jsonata('(') }, 422, 'invalid-transform'],
    [{ transform: jsonata('{"n": $number("x")}') }, 422, 'not-composed'],
    [{ transform: null, type: 'nosuch.v1' }, 422, 'unknown-event-type'],
    [{ transform: null, data: { amount: 'x' } }, 422, 'data-breaks-schema'],
    [{}, 422, 'validation-failed'],
  ])('a dry run for a customer refuses %j', async (body, status, code) => {
    expect(await dryRun(body)).toMatchObject({ status, body: { code } });
  });

  it("a dry run reveals nothing of another tenant's customers and event types", async () => {
    const stranger = await api.tenant('draft-stranger');
    const theirs = await api.must('POST', '/v1/customers', { name: 'T' }, stranger.key);
    expect(await dryRun({ transform: null }, customerId, stranger.key)).toMatchObject({ status: 404 });
    for (const key of [stranger.key, ADMIN_KEY])
      expect(await dryRun({ transform: null }, theirs.id, key)).toMatchObject({
        status: 422,
        body: { code: 'unknown-event-type' },
      });
  });
});

it('a customer cannot run a service definition with data of its choice', async () => {
  const steps = [
    {
      kind: 'query',
      dataSource: 'own',
      sql: 'select :n as n',
      arguments: [{ name: 'n', type: 'int', from: '$data.amount' }],
    },
  ];
  await api.database.db.query({
    text: 'insert into service_definitions (event_type, definition) values ($1, $2)',
    values: ['paid.v1', JSON.stringify({ steps, transform: null })],
  });
  const { body } = await subscribe({ eventTypes: ['paid.v1'] });
  const { key } = await api.must('POST', '/v1/api-keys', { name: 'customer', role: 'customer', customerId });
  for (const path of ['trigger', 'transform/dry-run']) {
    const call = (data?: object) => api.call('POST', `/v1/subscriptions/${body.id}/${path}`, { key, body: { data } });
    expect(await call({ amount: 1 })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await call()).body.code).not.toBe('forbidden');
  }
  const draft = { type: 'paid.v1', transform: null, data: { amount: 1 } };
  expect(await api.call('POST', `/v1/customers/${customerId}/transform/dry-run`, { key, body: draft })).toMatchObject({
    status: 403,
    body: { code: 'forbidden' },
  });
  await api.database.db.query({ text: 'delete from service_definitions' });
});
