import { createContext, runInContext } from 'node:vm';
import { startTestApi, type TestApi } from '../support/api';

let api: TestApi;
let key: string;
let subscription: { id: string; secret: string; name: string; url: string };

beforeAll(async () => {
  api = await startTestApi();
  key = (await api.tenant('A')).key;
  const { id: customerId } = await api.must('POST', '/v1/customers', { name: 'C' }, key);
  const body = { customerId, name: 'payments', url: 'http://127.0.0.1:1/hook', eventTypes: ['*'] };
  subscription = await api.must('POST', '/v1/subscriptions', body, key);
});
afterAll(() => api?.stop());

const linkPath = () => `/v1/subscriptions/${subscription.id}/secret/link`;

async function makeLink(body: object = {}): Promise<{ url: URL; token: string; expiresAt: string }> {
  const answer = await api.must('POST', linkPath(), body, key);
  const url = new URL(answer.url);
  return { url, token: url.hash.slice(1), expiresAt: answer.expiresAt };
}

const open = (token: unknown) => api.call('POST', '/secret', { key: null, body: { token } });

async function auditOf(action: string): Promise<unknown[]> {
  const { rows } = await api.database.db.query({
    text: 'select actor_id, object, product_id from audit where action = $1 order by id desc',
    values: [action],
  });
  return rows;
}

it('a secret link shows the secret on the first click only', async () => {
  const { url, token } = await makeLink();
  expect(url.origin + url.pathname).toBe(`${api.url}/secret`);
  expect(await open(token)).toMatchObject({
    status: 200,
    body: { name: 'payments', url: 'http://127.0.0.1:1/hook', secret: subscription.secret },
  });
  expect(await open(token)).toMatchObject({ status: 404, body: { code: 'not-found' } });
});

it('a secret link shows the secret to one of many concurrent clicks', async () => {
  const { token } = await makeLink();
  const answers = await Promise.all(Array.from({ length: 8 }, () => open(token)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(404)]);
});

it('loading the page of a secret link does not use it up, and the page holds no secret', async () => {
  const { url, token } = await makeLink();
  for (const method of ['GET', 'HEAD']) {
    const answer = await api.call(method, url.pathname, { key: null });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.body).not.toContain(subscription.secret);
  }
  expect((await api.call('GET', '/secret/page.js', { key: null })).headers.get('content-type')).toContain('javascript');
  expect((await open(token)).status).toBe(200);
});

/**
 * Opens the page as a browser does: runs its own script on the elements that it uses, with the real
 * service behind.
 */
async function visit(
  url: URL,
): Promise<{ text(id: string): string; hidden(id: string): boolean; click(): Promise<void> }> {
  const script = (await api.call('GET', '/secret/page.js', { key: null })).body as string;
  const elements = new Map<string, { textContent: string; hidden: boolean; disabled: boolean }>();
  let clicked: () => Promise<void> = () => Promise.reject(new Error('nothing waits for a click'));
  const getElementById = (id: string) => {
    const element = elements.get(id) ?? {
      textContent: '',
      hidden: false,
      disabled: false,
      addEventListener: (_: string, listener: () => Promise<void>) => (clicked = listener),
    };
    elements.set(id, element);
    return element;
  };
  const replaceState = (_state: unknown, _title: string, path: string) => {
    url = new URL(path, url);
  };
  runInContext(
    script,
    createContext({
      document: { getElementById },
      location: { hash: url.hash, pathname: url.pathname },
      history: { replaceState },
      fetch: (path: string, init: RequestInit) => fetch(new URL(path, url), init),
    }),
  );
  return {
    text: (id) => elements.get(id)?.textContent ?? '',
    hidden: (id) => elements.get(id)?.hidden ?? false,
    click: () => clicked(),
  };
}

it('the page of a secret link shows the secret after the click, or that the link was used before', async () => {
  const { url } = await makeLink();
  const { secret } = await api.must('GET', `/v1/subscriptions/${subscription.id}/secret`, undefined, key);
  const first = await visit(url);
  expect(first.text('secret')).toBe('');
  await first.click();
  expect(first.text('secret')).toBe(secret);
  expect(first.text('endpoint')).toBe('payments, for http://127.0.0.1:1/hook');
  expect(first.hidden('show')).toBe(true);
  const second = await visit(url);
  await second.click();
  expect(second.text('secret')).toBe('');
  expect(second.text('message')).toContain('Ask for a new link.');
});

it('a secret link expires at the given time', async () => {
  const { token, expiresAt } = await makeLink({ expiresInSeconds: 60 });
  const seconds = (Date.parse(expiresAt) - Date.now()) / 1000;
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(61);
  await api.database.db.query({ text: "update secret_links set expires_at = now() - interval '1 second'" });
  expect((await open(token)).status).toBe(404);
});

it('a rotation invalidates secret links, also during the overlap', async () => {
  const { token } = await makeLink();
  const rotated = await api.must('POST', `/v1/subscriptions/${subscription.id}/secret/rotate`, {}, key);
  expect((await open(token)).status).toBe(404);
  const { body } = await open((await makeLink()).token);
  expect(body.secret).toBe(rotated.secret);
});

it('the database holds nothing that opens a secret link', async () => {
  const { token } = await makeLink();
  const { rows } = await api.database.db.query({ text: "select encode(token_hash, 'hex') as hash from secret_links" });
  expect(JSON.stringify(rows)).not.toContain(token);
  expect(JSON.stringify(rows)).not.toContain(Buffer.from(token, 'base64url').toString('hex'));
});

it('the audit log records the creation of a secret link, and its opening for the product', async () => {
  const [made] = (await auditOf('secret.link')) as { product_id: string }[];
  const { token } = await makeLink();
  await open(token);
  expect((await auditOf('secret.link-open'))[0]).toEqual({
    actor_id: 'secret-link',
    object: subscription.id,
    product_id: made!.product_id,
  });
});

it('refuses an unknown token or an invalid body for a secret link', async () => {
  for (const token of ['', 'x', 7, null, '../../etc', 'a'.repeat(44)])
    expect(await open(token)).toMatchObject({ status: 422, body: { errors: [{ path: '/token' }] } });
  expect((await open('a'.repeat(43))).status).toBe(404);
  expect((await api.call('POST', '/secret', { key: null })).status).toBe(422);
  expect((await api.call('POST', '/secret', { key: null, raw: '{' })).status).toBe(400);
  expect((await api.call('POST', '/secret', { key: null, raw: `{"token":"${'a'.repeat(2000)}"}` })).status).toBe(413);
});

it('a secret link is valid for a minute to thirty days', async () => {
  for (const expiresInSeconds of [59, 2_592_001, 1.5, '60'])
    expect(await api.call('POST', linkPath(), { key, body: { expiresInSeconds } })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/expiresInSeconds' }] },
    });
});

it('refuses an address that tries hundreds of tokens, but not one that has the right token', async () => {
  const { token } = await makeLink();
  const wrong = Buffer.alloc(32, 1).toString('base64url');
  const answers = await Promise.all(Array.from({ length: 330 }, () => open(wrong)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404, 429]));
  expect((await open(token)).status).toBe(200);
});
