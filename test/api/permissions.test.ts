import { startTestApi, type TestApi } from '../support/api';
import { CALLS, makeObjects, UNKNOWN, type Objects } from './permissions.calls';
import { CALLERS, PERMISSIONS, PUBLIC_OPERATIONS, type Caller, type Permission } from './permissions.table';

/**
 * Every operation of the OpenAPI document, called with every kind of credential on own, foreign and
 * unknown objects. The expected responses are a literal table, not what the routes declare.
 */
let api: TestApi;
let own: Objects;
/** Objects of another customer of the same product, and of another product. */
let sibling: Objects;
let stranger: Objects;
let credentials: { caller: Caller; name: string; key: string }[];

beforeAll(async () => {
  api = await startTestApi();
  const tenant = async (name: string) => {
    const { productId, key } = await api.tenant(name);
    const eventType = `${name}.happened.v1`;
    await api.must('PUT', `/v1/event-types/${eventType}`, {}, key);
    return { productKey: key, productId, eventType };
  };
  const [a, b] = [await tenant('a'), await tenant('b')];
  own = await makeObjects(api, a);
  sibling = await makeObjects(api, a);
  stranger = await makeObjects(api, b);
  const keyOf = async (body: object) => (await api.must('POST', '/v1/api-keys', { name: 'k', ...body })).key as string;
  const { customerId, productId } = own;
  const portal = await api.must('POST', '/v1/portal-sessions', { customerId });
  credentials = [
    { caller: 'admin', name: 'admin', key: await keyOf({ role: 'admin' }) },
    { caller: 'product', name: 'product', key: a.productKey },
    { caller: 'viewer', name: 'viewer', key: await keyOf({ role: 'viewer' }) },
    { caller: 'viewer/p', name: 'viewer of a product', key: await keyOf({ role: 'viewer', productId }) },
    { caller: 'customer', name: 'customer API key', key: await keyOf({ role: 'customer', customerId }) },
    { caller: 'customer', name: 'portal token', key: portal.token },
    { caller: 'producer', name: 'producer', key: await keyOf({ role: 'producer', productId }) },
  ];
});
afterAll(() => api?.stop());

interface Operation {
  'x-roles'?: string[];
}

async function documented(): Promise<Map<string, Operation>> {
  const { paths } = await api.must('GET', '/openapi.json');
  return new Map(
    Object.entries(paths as Record<string, Record<string, Operation>>).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => [
        `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
        operation,
      ]),
    ),
  );
}

it('the table of permissions has exactly the operations of the OpenAPI document', async () => {
  const operations = [...(await documented()).keys(), 'GET /openapi.json'];
  const listed = [...PERMISSIONS.map(({ operation }) => operation), ...Object.keys(PUBLIC_OPERATIONS)];
  expect(listed.sort()).toEqual([...new Set(operations)].sort());
});

it('the OpenAPI document shows the roles of the table of permissions', async () => {
  const operations = await documented();
  const expected = PERMISSIONS.map(({ operation, access }) => [
    operation,
    ['admin', 'product', 'producer', 'viewer', 'customer'].filter((role) => access[role as Caller] !== 'none'),
  ]);
  expect(PERMISSIONS.map(({ operation }) => [operation, operations.get(operation)?.['x-roles']])).toEqual(expected);
});

it.each(Object.entries(PUBLIC_OPERATIONS))('%s returns %i without a credential', async (operation, status) => {
  const [method, path] = operation.split(' ') as [string, string];
  const bodies: Record<string, object> = {
    'POST /v1/session': { credential: 'spk_nobody' },
    'POST /oauth/token': { grant_type: 'client_credentials' },
    'POST /login/oauth/access_token': { grant_type: 'client_credentials' },
  };
  expect((await api.call(method, path, { key: null, body: bodies[operation] })).status).toBe(status);
});

/**
 * Makes the call. @returns the status, `2xx` for any success, or `hidden` for one that leaves the
 * object out
 */
async function resultOf({ operation }: Permission, objects: Objects, key: string | null): Promise<string> {
  const call = CALLS[operation]!;
  const [method, route] = operation.split(' ') as [string, string];
  const named = call.names ? encodeURIComponent(objects[call.names]) : '';
  const path = route.replace(/:\w+/, named) + (call.query?.(objects) ?? '');
  // The activity stream does not end. HEAD passes the same checks.
  const verb = route === '/v1/activity' ? 'HEAD' : method;
  const { status, body } = await api.call(verb, path, { key, body: call.body?.(objects) });
  if (status >= 300) return String(status);
  return call.shows && !call.shows(body, objects).includes(objects[call.names!]) ? 'hidden' : '2xx';
}

/** The expected and actual results of all callers, by `caller, object`. */
async function compare(permission: Permission) {
  const { operation, foreign, unknown, access } = permission;
  const call = CALLS[operation]!;
  const expected: Record<string, string> = {};
  const actual: Record<string, string> = {};
  const check = async (who: string, key: string | null, objects: Objects, result: string) => {
    const isUsed = result === '2xx' && call.prepare;
    const used = isUsed ? { ...objects, ...(await call.prepare!(api, objects, key)) } : objects;
    expected[who] = result;
    actual[who] = await resultOf(permission, used, key);
  };
  for (const { caller, name, key } of credentials) {
    const may = access[caller];
    const on = (allowed: string) => (may === 'none' ? '403' : allowed);
    await check(`${name}, own`, key, own, on('2xx'));
    if (call.names === undefined) continue;
    const others = caller === 'customer' ? { sibling, stranger } : { stranger };
    for (const [whose, theirs] of Object.entries(others)) {
      const isForeign = may === 'own' && theirs[call.names] !== own[call.names];
      const named = isForeign ? { ...own, [call.names]: theirs[call.names] } : theirs;
      await check(`${name}, ${whose}`, key, named, on(isForeign ? foreign : '2xx'));
    }
    if (unknown !== '-')
      await check(`${name}, unknown`, key, { ...own, [call.names]: UNKNOWN[call.names] }, on(unknown));
  }
  await check('no credential', null, own, '401');
  await check('unknown credential', 'spk_nobody', own, '401');
  return { expected, actual };
}

it.each(PERMISSIONS.map((permission) => [permission.operation, permission] as const))(
  '%s is limited to its roles, and each role to its objects',
  async (_, permission) => {
    const { expected, actual } = await compare(permission);
    expect(actual).toEqual(expected);
  },
);

it('every role of the table of permissions is called', () => {
  expect(new Set(credentials.map(({ caller }) => caller))).toEqual(new Set(CALLERS));
});
