import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings } from '../../support/tenant';

/** Characters that cannot be stored or sent, in every text of a subscription. */
let api: TestApi;
let key: string;
let customerId: string;
beforeAll(async () => {
  api = await startTestApi();
  ({ key, customerId } = await makeTenant(api));
});
afterAll(() => api?.stop());

const BASIC = { type: 'basic', username: 'ada', password: 'p' };
const OAUTH2 = { type: 'oauth2', tokenUrl: 'http://127.0.0.1:1/', clientId: 'c', clientSecret: 's' };

/** Each text field, with the value placed in it, and the pointer to it. */
const FIELDS: [string, (text: string) => object, string][] = [
  ['name', (name) => ({ name }), '/name'],
  ['description', (description) => ({ description }), '/description'],
  ['url', (text) => ({ url: `http://127.0.0.1:1/${text}` }), '/url'],
  ['eventTypes', (text) => ({ eventTypes: [text] }), '/eventTypes/0'],
  ['channels', (text) => ({ channels: [text] }), '/channels/0'],
  ['headers', (text) => ({ headers: { 'X-A': text } }), '/headers/X-A'],
  ['auth.username', (username) => ({ auth: { ...BASIC, username } }), '/auth/username'],
  ['auth.password', (password) => ({ auth: { ...BASIC, password } }), '/auth/password'],
  ['auth.token', (token) => ({ auth: { type: 'bearer', token } }), '/auth/token'],
  ['auth.tokenUrl', (text) => ({ auth: { ...OAUTH2, tokenUrl: `http://127.0.0.1:1/${text}` } }), '/auth/tokenUrl'],
  ['auth.clientId', (clientId) => ({ auth: { ...OAUTH2, clientId } }), '/auth/clientId'],
  ['auth.clientSecret', (clientSecret) => ({ auth: { ...OAUTH2, clientSecret } }), '/auth/clientSecret'],
  ['auth.scope', (scope) => ({ auth: { ...OAUTH2, scope } }), '/auth/scope'],
  ['auth.audience', (audience) => ({ auth: { ...OAUTH2, audience } }), '/auth/audience'],
  ['tls.clientKey', (text) => ({ tls: { clientKey: text } }), '/tls/clientKey'],
  ['tls.clientCertificate', (text) => ({ tls: { clientCertificate: text } }), '/tls/clientCertificate'],
  ['tls.caCertificate', (text) => ({ tls: { caCertificate: text } }), '/tls/caCertificate'],
  ['customData', (text) => ({ customData: { a: { b: [text] } } }), '/customData/a/b/0'],
  ['the names in customData', (text) => ({ customData: { a: { [text]: 1 } } }), '/customData/a'],
  [
    'transform.expression',
    (text) => ({ transform: { language: 'jsonata', expression: `{"a":"${text}"}` } }),
    '/transform/expression',
  ],
  ['secret', (secret) => ({ secret }), '/secret'],
];
const CHARACTERS: [string, string][] = [
  ['NUL', '\u0000'],
  ['a high surrogate', '\ud800'],
  ['a low surrogate', '\udfff'],
  ['surrogates in the wrong order', '\udc00\ud800'],
];
const CASES = FIELDS.flatMap(([field, fields, path]) =>
  CHARACTERS.map(([kind, text]) => [kind, field, fields(`a${text}b`), path] as const),
);

it.each(CASES)('%s in %s is refused with a pointer', async (_kind, _field, fields, path) => {
  const answer = await api.call('POST', '/v1/subscriptions', { key, body: settings({ customerId, ...fields }) });
  expect([answer.status, answer.body.errors?.map((error: { path: string }) => error.path)]).toEqual([
    422,
    expect.arrayContaining([path]),
  ]);
});

it.each(['\n', '\r', '\u0001', '\u007f', '\u0085'])(
  'the control character %j is refused where it could be sent or signed',
  async (control) => {
    const sent = FIELDS.filter(([field]) => /^(url|channels|auth|secret)/.test(field));
    for (const [field, fields, path] of sent) {
      const body = settings({ customerId, ...fields(`a${control}b`) });
      const answer = await api.call('POST', '/v1/subscriptions', { key, body });
      expect([field, answer.status, answer.body.errors?.[0].path]).toEqual([field, 422, path]);
    }
  },
);

it.each(CHARACTERS)('%s in texts of other calls is refused with a pointer', async (_kind, text) => {
  const bad = `a${text}b`;
  const calls: [string, string, object, string][] = [
    ['POST', '/v1/products', { name: bad }, '/name'],
    ['POST', '/v1/customers', { name: bad, productId: 'x' }, '/name'],
    ['POST', '/v1/products', { name: 'P', segment: bad }, '/segment'],
    ['POST', '/v1/products', { name: 'P', id: bad }, '/id'],
    ['POST', '/v1/customers', { name: 'C', id: bad }, '/id'],
    ['POST', '/v1/customers', { name: 'C', capabilities: [bad] }, '/capabilities/0'],
    [
      'PUT',
      `/v1/customers/${customerId}/subscriptions`,
      { customer: { name: bad }, subscriptions: [] },
      '/customer/name',
    ],
    ['PUT', '/v1/event-types/bad.v1', { description: bad }, '/description'],
    ['PUT', '/v1/event-types/bad.v1', { requires: [bad] }, '/requires/0'],
    ['POST', '/v1/events', { type: 'bad.v1', channels: [bad], data: {} }, '/channels/0'],
    ['POST', '/v1/events', { type: 'bad.v1', id: bad, data: {} }, '/id'],
    ['PUT', '/v1/webhooks', { events: ['*'], url: 'http://127.0.0.1:1/', secret: bad }, '/secret'],
    [
      'PUT',
      '/v1/event-types/bad.v1/service-definition',
      { transform: { language: 'jsonata', expression: bad } },
      '/transform/expression',
    ],
    ['POST', '/v1/portal-sessions', { customerId, returnUrl: `https://a.example/${bad}` }, '/returnUrl'],
    ['POST', '/v1/api-keys', { name: bad, role: 'admin' }, '/name'],
    ['POST', '/v1/oauth-clients', { name: bad, role: 'admin' }, '/name'],
    ['POST', '/v1/url-allowlist', { pattern: `https://x.example/${bad}` }, '/pattern'],
  ];
  for (const [method, path, body, at] of calls) {
    const answer = await api.call(method, path, { body });
    expect([path, answer.status, answer.body.errors?.[0]?.path]).toEqual([path, 422, at]);
  }
});

it.each(CHARACTERS)('%s in a filter is refused or matches nothing', async (kind, text) => {
  // A lone surrogate has no percent-encoding.
  const bad = kind === 'NUL' ? encodeURIComponent(`a${text}b`) : 'a%ed%a0%80b';
  for (const [path, name] of [
    ['subscriptions', 'q'],
    ['customers', 'q'],
    ['events', 'type'],
    ['notifications', 'q'],
    ['audit', 'actor'],
    ['audit', 'action'],
    ['audit', 'object'],
    ['products', 'segment'],
  ] as const) {
    const answer = await api.call('GET', `/v1/${path}?${name}=${bad}`);
    expect([path, answer.status, answer.body.errors?.[0]?.path]).toEqual([
      path,
      kind === 'NUL' ? 422 : 400,
      `query/${name}`,
    ]);
  }
});

it.each(CHARACTERS)('%s in a schema or a sample is kept, or refused with a pointer', async (kind, text) => {
  const bad = `a${text}b`;
  const name = `odd.${kind.replaceAll(' ', '_')}.v1`;
  for (const [field, value] of [
    ['schema', { type: 'object', description: bad }],
    ['schema', { type: 'object', properties: { [bad]: { type: 'string' } } }],
    ['sample', { text: bad }],
    ['sample', { [bad]: 1 }],
  ] as const) {
    const answer = await api.call('PUT', `/v1/event-types/${name}`, { key, body: { [field]: value } });
    if (answer.status < 300) {
      const { body } = await api.call('GET', `/v1/event-types/${name}`, { key });
      expect([field, body[field]]).toEqual([field, value]);
    } else {
      expect([answer.status, answer.body.errors[0].path]).toEqual([422, expect.stringMatching(`^/${field}`)]);
    }
  }
});
