import { startTestApi, type TestApi } from '../support/api';
import { createTestDatabase, type TestDatabase } from '../support/database';

/**
 * Service definitions as an operator keeps and tries them. Their effect on attempts is tested in
 * test/composition/attempts.
 */
let ledger: TestDatabase;
let api: TestApi;
let tenant: { productId: string; key: string };

const DEFINITION = {
  steps: [
    {
      kind: 'query',
      dataSource: 'ledger_db',
      sql: 'select id, amount, :secret as secret from payment where id = :id',
      arguments: [
        { name: 'secret', type: 'string', from: '$secret' },
        { name: 'id', type: 'int', from: '$data.paymentid' },
      ],
    },
  ],
};
const PATH = '/v1/event-types/ledgerpayment/service-definition';

beforeAll(async () => {
  ledger = await createTestDatabase();
  await ledger.db.query({ text: 'create table payment (id bigint primary key, amount numeric(12, 2))' });
  await ledger.db.query({ text: 'insert into payment values (18142, 123.00)' });
  api = await startTestApi(undefined, { 'ledger-db': ledger.url, gone: 'postgres://nobody@127.0.0.1:1/none' });
  tenant = await api.tenant('ledger');
  const schema = { type: 'object', properties: { paymentid: { type: 'string' } }, additionalProperties: false };
  const sample = { paymentid: '18142' };
  await api.must('PUT', '/v1/event-types/ledgerpayment', { productId: tenant.productId, schema, sample });
});
afterAll(async () => {
  await api?.stop();
  await ledger?.drop();
});
beforeEach(async () => {
  await api.call('DELETE', PATH);
});

const auditOf = async (object: string) => {
  const text = "select action from audit where object = $1 and action like 'service-definition.%' order by id";
  const { rows } = await api.database.db.query<{ action: string }>({ text, values: [object] });
  return rows.map(({ action }) => action);
};

it('a service definition is created, read, changed and deleted, each recorded in the audit log', async () => {
  const before = (await auditOf('ledgerpayment')).length;
  const created = await api.call('PUT', PATH, { body: DEFINITION });
  expect(created).toMatchObject({
    status: 201,
    body: { eventType: 'ledgerpayment', ...DEFINITION, transform: null },
  });
  expect((await api.call('GET', PATH)).body).toEqual(created.body);
  const transform = { language: 'jsonata', expression: '{"id": id}' };
  expect(await api.call('PUT', PATH, { body: { ...DEFINITION, transform } })).toMatchObject({
    status: 200,
    body: { transform },
  });
  expect(await api.call('DELETE', PATH)).toMatchObject({ status: 204 });
  for (const method of ['GET', 'DELETE'])
    expect(await api.call(method, PATH)).toMatchObject({ status: 404, body: { code: 'not-found' } });
  expect((await auditOf('ledgerpayment')).slice(before)).toEqual([
    'service-definition.create',
    'service-definition.change',
    'service-definition.delete',
  ]);
});

it.each(['product', 'viewer'])('refuses a service definition by the role %s', async (role) => {
  const body = { name: role, role, productId: tenant.productId };
  const { key } = await api.must('POST', '/v1/api-keys', body);
  for (const [method, path] of [
    ['PUT', PATH],
    ['GET', PATH],
    ['DELETE', PATH],
    ['POST', `${PATH}/dry-run`],
  ] as const)
    expect(await api.call(method, path, { key, body: method === 'GET' ? undefined : DEFINITION })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
});

it('refuses a service definition for an unknown event type', async () => {
  for (const path of ['/v1/event-types/nosuch/service-definition', '/v1/event-types/nosuch/service-definition/dry-run'])
    expect(
      await api.call(path.endsWith('run') ? 'POST' : 'PUT', path, { body: path.endsWith('run') ? {} : DEFINITION }),
    ).toMatchObject({
      status: 404,
      body: { code: 'not-found' },
    });
});

const [STEP] = DEFINITION.steps;
it.each<[object, { path: string; message: RegExp | string }]>([
  [
    { ...STEP, sql: 'select 1 as a; drop table payment', arguments: [] },
    { path: '/steps/0/sql', message: 'line 1, column 16: there is more than one statement' },
  ],
  [
    { ...STEP, sql: 'selec 1', arguments: [] },
    { path: '/steps/0/sql', message: 'line 1, column 1: a query must begin with SELECT or WITH' },
  ],
  [
    { ...STEP, sql: 'select 1 as a,\nwhere', arguments: [] },
    { path: '/steps/0/sql', message: 'line 2, column 1: syntax error at or near "where"' },
  ],
  [
    { ...STEP, dataSource: 'nosuch' },
    { path: '/steps/0/dataSource', message: 'there is no data source nosuch' },
  ],
  [
    { ...STEP, sql: 'select :nosuch as a' },
    { path: '/steps/0/sql', message: 'line 1, column 8: there is no argument nosuch' },
  ],
  [
    { ...STEP, sql: 'select :a as a', arguments: [{ name: 'a', type: 'int', from: '$data.nosuch' }] },
    { path: '/steps/0/arguments/0/from', message: 'the event type has no argument nosuch' },
  ],
])('refuses to save the step %j', async (step, error) => {
  expect(await api.call('PUT', PATH, { body: { steps: [step] } })).toMatchObject({
    status: 422,
    body: { code: 'invalid-service-definition', errors: [error] },
  });
  expect(await api.call('POST', `${PATH}/dry-run`, { body: { definition: { steps: [step] } } })).toMatchObject({
    status: 422,
    body: { code: 'invalid-service-definition', errors: [{ ...error, path: `/definition${error.path}` }] },
  });
  expect(await api.call('GET', PATH)).toMatchObject({ status: 404 });
});

it('refuses a service definition whose transform does not parse', async () => {
  const transform = { language: 'jsonata', expression: '{\n"a": ' };
  expect(await api.call('PUT', PATH, { body: { transform } })).toMatchObject({
    status: 422,
    body: {
      code: 'invalid-service-definition',
      errors: [{ path: '/transform/expression', message: 'line 2, column 5: Expected "}" before end of expression' }],
    },
  });
});

it.each<[object, string]>([
  [{}, '/steps'],
  [{ steps: [] }, '/steps'],
  [{ steps: [{ ...STEP, kind: 'exec' }] }, '/steps/0/kind'],
  [{ steps: [{ ...STEP, arguments: [{ name: 'a b', type: 'int', from: 1 }] }] }, '/steps/0/arguments/0/name'],
  [{ steps: [{ ...STEP, arguments: [{ name: 'a', type: 'money', from: 1 }] }] }, '/steps/0/arguments/0/type'],
  [{ steps: [{ ...STEP, arguments: [{ name: 'a', type: 'int', from: {} }] }] }, '/steps/0/arguments/0/from'],
  [{ steps: [{ ...STEP, sql: 'select \u0000' }] }, '/steps/0/sql'],
  [{ steps: [{ ...STEP, sql: 'x'.repeat(16 * 1024 + 1) }] }, '/steps/0/sql'],
  [{ steps: Array.from({ length: 6 }, () => STEP) }, '/steps'],
  [{ steps: [STEP], other: 1 }, '/other'],
  [{ transform: { language: 'xslt', expression: 'x' } }, '/transform/language'],
])('refuses the malformed service definition %j', async (body, path) => {
  expect(await api.call('PUT', PATH, { body })).toMatchObject({
    status: 422,
    body: { code: 'validation-failed', errors: [{ path }] },
  });
});

it('reports an unreachable data source as its own problem', async () => {
  const steps = [{ ...STEP, dataSource: 'gone' }];
  for (const answer of [
    await api.call('PUT', PATH, { body: { steps } }),
    await api.call('POST', `${PATH}/dry-run`, { body: { definition: { steps } } }),
  ]) {
    expect(answer).toMatchObject({ status: 503, body: { code: 'data-source-unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('5');
  }
});

describe('dry run', () => {
  const dryRun = (body: object = {}) => api.call('POST', `${PATH}/dry-run`, { body });

  it('a dry run shows the body for the sample', async () => {
    await api.must('PUT', PATH, DEFINITION);
    expect(await dryRun()).toMatchObject({
      status: 200,
      body: { body: '{"id":18142,"amount":123.00,"secret":"secret"}' },
    });
  });

  it('a dry run uses an unsaved definition and given data', async () => {
    const definition = { steps: [], transform: { language: 'jsonata', expression: '{"id": $data.paymentid & "!"}' } };
    expect((await dryRun({ definition, data: { paymentid: '7' } })).body).toEqual({ body: '{"id":"7!"}' });
    expect(await api.call('GET', PATH)).toMatchObject({ status: 404 });
  });

  it('a dry run explains why nothing could be composed', async () => {
    await api.must('PUT', PATH, DEFINITION);
    expect(await dryRun({ data: { paymentid: '1' } })).toMatchObject({
      status: 422,
      body: { code: 'not-composed', detail: 'The query on data source ledger_db returned no row.' },
    });
    expect(await dryRun({ data: { paymentid: 'x' } })).toMatchObject({
      status: 422,
      body: { code: 'not-composed', detail: 'The argument id is not of type int.' },
    });
  });

  it('a dry run returns 404 without a definition', async () => {
    expect(await dryRun()).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });
});

it('refuses a schema of the event type that breaks its service definition', async () => {
  await api.must('PUT', PATH, DEFINITION);
  const put = (schema: object | null) =>
    api.call('PUT', '/v1/event-types/ledgerpayment', { body: { productId: tenant.productId, schema } });
  const { body: before } = await api.call('GET', '/v1/event-types/ledgerpayment');
  const without = { type: 'object', properties: { other: { type: 'string' } }, additionalProperties: false };
  expect(await put(without)).toMatchObject({
    status: 422,
    body: {
      code: 'schema-breaks-service-definition',
      errors: [{ path: '/schema', message: 'lacks paymentid' }],
    },
  });
  expect((await api.call('GET', '/v1/event-types/ledgerpayment')).body).toEqual(before);
  expect((await put(null)).status).toBe(200);
  const more = { ...before.schema, properties: { ...before.schema.properties, revision: { type: 'string' } } };
  expect((await put(more)).status).toBe(200);
  await api.must('DELETE', PATH);
  expect((await put(without)).status).toBe(200);
});
