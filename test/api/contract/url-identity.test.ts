import { startTestApi, type Answer, type TestApi } from '../../support/api';
import { makeTenant, settings, unique } from '../../support/tenant';

/** A URL is one identity in all its spellings, wherever it enters. */
let api: TestApi;
let tenant: Awaited<ReturnType<typeof makeTenant>>;
beforeAll(async () => {
  api = await startTestApi();
  tenant = await makeTenant(api);
});
afterAll(() => api?.stop());

const WRITTEN = 'HTTPS://Hooks.EXAMPLE.:443/a/../b c?q=1';
const STORED = 'https://hooks.example/b%20c?q=1';
const REFUSED = [
  'https://u:p@a.example/',
  'https://@a.example/',
  ' https://a.example/',
  'https://a.example/\n',
  'https://a.ex\tample/',
  'https://a.example/#x',
  'https://a../',
];
const oauth2 = (tokenUrl: string) => ({ type: 'oauth2', tokenUrl, clientId: 'c', clientSecret: 's' });

/** Each way of a URL into the service: the body, the pointer, and how it is read back. */
const DOORS: [string, string, () => string, (url: string) => object, string, (body: Answer['body']) => string][] = [
  [
    'url of a subscription',
    'POST',
    () => '/v1/subscriptions',
    (url) => settings({ customerId: tenant.customerId, url }),
    '/url',
    ({ url }) => url,
  ],
  [
    'tokenUrl',
    'POST',
    () => '/v1/subscriptions',
    (url) => settings({ customerId: tenant.customerId, auth: oauth2(url) }),
    '/auth/tokenUrl',
    ({ auth }) => auth.tokenUrl,
  ],
  [
    'url in a list',
    'PUT',
    () => `/v1/customers/${tenant.customerId}/subscriptions`,
    (url) => ({ subscriptions: [settings({ url })] }),
    '/subscriptions/0/url',
    ({ items }) => items[0].url,
  ],
  [
    'url of a webhook',
    'PUT',
    () => '/v1/webhooks',
    (url) => ({ url, events: ['*'], customerId: tenant.customerId }),
    '/url',
    ({ url }) => url,
  ],
];

it.each(DOORS)('%s is normalized, or refused with a pointer', async (_, method, path, body, pointer, shown) => {
  const { status, body: answer } = await api.call(method, path(), { body: body(WRITTEN) });
  expect([status < 300, shown(answer)]).toEqual([true, STORED]);
  for (const url of REFUSED)
    expect(await api.call(method, path(), { body: body(url) })).toMatchObject({
      status: 422,
      body: { errors: [{ path: pointer }] },
    });
});

it('a change to another spelling of the URL changes nothing, and keeps the verification', async () => {
  const made = await api.must('POST', '/v1/subscriptions', settings({ customerId: tenant.customerId, url: WRITTEN }));
  const text = "update subscriptions set verification_status = 'verified', verification_at = now() where url = $1";
  await api.database.db.query({ text, values: [STORED] });
  const before = await api.must('GET', `/v1/subscriptions/${made.id}`);
  expect(await api.must('PATCH', `/v1/subscriptions/${made.id}`, { url: 'https://hooks.example./b%20c?q=1' })).toEqual(
    before,
  );
  // A URL that was stored before URLs were normalized.
  await api.database.db.query({ text: 'update subscriptions set url = $1 where url = $2', values: [WRITTEN, STORED] });
  const renamed = await api.must('PATCH', `/v1/subscriptions/${made.id}`, { url: STORED, description: 'new' });
  expect(renamed).toMatchObject({ description: 'new', verification: { status: 'verified' } });
});

it('webhooks are found by any spelling of their URL', async () => {
  const { id: customerId } = await api.must('POST', '/v1/customers', { name: 'C' }, tenant.key);
  const spellings = [
    'http://localhost:81/x',
    'http://LOCALHOST:81/x',
    'HTTP://localhost.:081/a/../x',
    'http:\\\\localhost:81\\x',
    'http:localhost:81/x',
  ];
  for (const url of spellings) await api.must('PUT', '/v1/webhooks', { url, events: ['*'], customerId }, tenant.key);
  expect(await api.must('GET', `/v1/webhooks?customerId=${customerId}`, undefined, tenant.key)).toMatchObject({
    count: 1,
    webHooks: [{ url: 'http://localhost:81/x' }],
  });
  const gone = await api.call('DELETE', '/v1/webhooks', {
    key: tenant.key,
    body: { url: 'http://LocalHost:81/./x', customerId },
  });
  expect(gone.status).toBe(204);
});

it('a pattern of the allow-list has one spelling', async () => {
  const host = `${unique('host')}.example`;
  const create = (pattern: string) => api.call('POST', '/v1/url-allowlist', { body: { pattern } });
  expect(await create(host.toUpperCase())).toMatchObject({ status: 201, body: { pattern: `https://${host}` } });
  for (const pattern of [host, `https://${host}`, `https://${host}.:443/`, `HTTPS://${host}/a/..`])
    expect(await create(pattern)).toMatchObject({ status: 409 });
  for (const pattern of [`https://u@${host}`, `https://${host}/\u0001`, `https://${host}/#x`, `https://${host}/ x`])
    expect(await create(pattern)).toMatchObject({ status: 422, body: { errors: [{ path: '/pattern' }] } });
});

it('the page that a portal links back to is normalized', async () => {
  const portal = (returnUrl: string) =>
    api.call('POST', '/v1/portal-sessions', { body: { customerId: tenant.customerId, returnUrl } });
  expect((await portal('HTTPS://Shop.Example./account#hooks')).status).toBe(201);
  const { items } = await api.must('GET', `/v1/portal-sessions?customerId=${tenant.customerId}`);
  expect(items[0].returnUrl).toBe('https://shop.example/account#hooks');
  for (const url of ['https://u:p@shop.example/', ' https://shop.example/', 'javascript:alert(1)'])
    expect(await portal(url)).toMatchObject({ status: 422, body: { errors: [{ path: '/returnUrl' }] } });
});
