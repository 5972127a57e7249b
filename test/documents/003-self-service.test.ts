import { readFileSync } from 'node:fs';
import path from 'node:path';
import { signpost } from '../support/cli';
import { ADMIN_KEY } from '../support/service';
import { useScenario } from '../support/scenario';
import payment from './fixtures/003-ledgerpayment.json';
import status from './fixtures/003-statuschange.json';

/**
 * The system of docs/migrating/self-service.md: a client with an OAuth token manages its own
 * webhooks by URL and gets them in format flat.
 */
const scenario = useScenario();
const EXAMPLES = path.join(__dirname, '..', '..', 'examples');
const SECRET = 'mySecret';
let client: { clientId: string; clientSecret: string };
let token: string;
let customerId: string;

const run = (...args: string[]) => signpost(scenario.url, args, { env: { SIGNPOST_API_KEY: ADMIN_KEY } });
const textOf = (fixture: object) => JSON.stringify(fixture);
const withoutSecret = ({ secret: _, ...data }: Record<string, string>) => data;

beforeAll(async () => {
  const { code } = await run('onboard', 'product', path.join(EXAMPLES, 'catalogs', 'ledger.yaml'));
  expect(code).toBe(0);
  const productId = 'ledger';
  await scenario.must('PATCH', `/v1/products/${productId}`, { enabled: true });
  client = await scenario.must('POST', '/v1/oauth-clients', { name: 'external system', role: 'product', productId });
});

async function tokenBy(
  init: { headers?: Record<string, string>; form: Record<string, string> },
  route = '/oauth/token',
) {
  const response = await fetch(scenario.url + route, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...init.headers },
    body: new URLSearchParams(init.form).toString(),
  });
  const body = (await response.json()) as { access_token: string };
  return { status: response.status, body };
}

it('an access token is issued by Basic header or form, and lasts an hour', async () => {
  const { clientId, clientSecret } = client;
  const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const grant = { grant_type: 'client_credentials' };
  const byHeader = await tokenBy({ headers: { authorization: basic }, form: grant });
  expect(byHeader).toMatchObject({ status: 200, body: { token_type: 'bearer', expires_in: 3600 } });
  const form = { ...grant, client_id: clientId, client_secret: clientSecret };
  const byForm = await tokenBy({ form }, '/login/oauth/access_token');
  token = byForm.body.access_token;
  expect(token.split('.')).toHaveLength(3);
  expect((await tokenBy({ form: { ...form, client_secret: 'wrong' } })).status).toBe(401);
});

const hook = () => scenario.receiver.url('/webservice/webhook');
const withToken = async (method: string, body?: unknown) => {
  const response = await fetch(`${scenario.url}/v1/webhooks`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
};

it('a webhook is added by URL, events and secret, and the response has all events of the URL', async () => {
  const added = await withToken('PUT', { events: ['ledgerpayment'], url: hook(), secret: SECRET, method: 'POST' });
  expect(added).toEqual({
    status: 201,
    body: { events: ['ledgerpayment'], url: hook(), method: 'POST', status: 'enabled' },
  });
  const more = await withToken('PUT', { events: ['statuschange'], url: hook(), secret: SECRET, method: 'POST' });
  expect(more.body.events.sort()).toEqual(['ledgerpayment', 'statuschange']);
  const { body } = await withToken('GET');
  expect(body).toMatchObject({ count: 1, webHooks: [{ url: hook(), method: 'POST' }] });
  const { items } = await scenario.must('GET', '/v1/subscriptions');
  customerId = items[0].customerId;
});

it('an API key of the same product works like a token, and finds the same webhooks', async () => {
  const { productId } = (await scenario.must('GET', '/v1/subscriptions')).items[0];
  const { key } = await scenario.must('POST', '/v1/api-keys', { name: 'k', role: 'product', productId });
  expect(await scenario.must('GET', '/v1/webhooks', undefined, key)).toMatchObject({ count: 1 });
});

const post = (type: string, data: object) => scenario.must('POST', '/v1/events', { type, customerId, data });

it.each([
  ['ledgerpayment', payment],
  ['statuschange', status],
])('%s arrives as a flat object of its arguments and the secret', async (type, fixture) => {
  await post(type, withoutSecret(fixture as Record<string, string>));
  const [request] = await scenario.received(1);
  expect(request).toMatchObject({ method: 'POST', path: '/webservice/webhook', body: textOf(fixture) });
});

it('a service definition composes the body from the data source instead', async () => {
  const ledger = path.join(__dirname, '..', 'composition', 'ledger.sql');
  await scenario.source.db.query({ text: readFileSync(ledger, 'utf8') });
  const file = path.join(EXAMPLES, 'service-definitions', 'ledgerpayment.yaml');
  expect((await run('types', 'define', 'ledgerpayment', file)).code).toBe(0);
  await post('ledgerpayment', withoutSecret(payment));
  const [request] = await scenario.received(1);
  expect(request!.body).toBe(
    '{"invoiceguid":"80342534-2508-4CAB-A090-C25BF1DDF923","invoicenumber":"765","paidamount":123.00,"secret":"mySecret"}',
  );
});

it('a webhook is removed by its URL, for some events or all', async () => {
  expect((await withToken('DELETE', { url: hook(), events: ['ledgerpayment'] })).status).toBe(204);
  expect((await withToken('GET')).body.webHooks).toEqual([
    { events: ['statuschange'], url: hook(), method: 'POST', status: 'enabled' },
  ]);
  expect((await withToken('DELETE', { url: hook() })).status).toBe(204);
  expect((await withToken('GET')).body).toEqual({ count: 0, webHooks: [] });
  expect((await post('statuschange', withoutSecret(status))).notifications).toEqual([]);
});
