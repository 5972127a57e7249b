import net from 'node:net';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../support/api';

/** Paths, queries and forms that are not percent-encoded UTF-8. None is read as another text. */
let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await startTestApi();
  ({ key } = await api.tenant('encoded'));
});
afterAll(() => api?.stop());

/** Sends a target as it is; HTTP clients would encode it. */
function get(target: string, credential = key): Promise<{ status: number; body: Record<string, unknown> }> {
  const { port } = new URL(api.url);
  const head = `GET ${target} HTTP/1.1\r\nhost: a\r\nx-api-key: ${credential}\r\nconnection: close\r\n\r\n`;
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(Buffer.from(head, 'latin1')));
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => {
      const [head = '', ...rest] = answer.split('\r\n\r\n');
      resolve({ status: Number(head.split(' ')[1]), body: JSON.parse(rest.join('')) as Record<string, unknown> });
    });
  });
}

/** What no percent-decoder can read. */
const FAULTY = ['%ff', '%', '%4', '%zz', 'a%c3', '%c3%28', '%ed%a0%80', '%c0%80', '%f4%90%80%80'];
const refused = (path: string) => ({
  status: 400,
  body: { code: 'invalid-request', errors: [{ path, message: 'expected percent-encoded UTF-8' }] },
});

it.each(FAULTY)('a query with %j is refused with a pointer to the parameter', async (text) => {
  expect(await get(`/v1/subscriptions?q=${text}`)).toMatchObject(refused('query/q'));
  expect(await get(`/v1/subscriptions?limit=5&customerId=${text}&q=x`)).toMatchObject(refused('query/customerId'));
  expect(await get(`/v1/audit?actor=${text}`, ADMIN_KEY)).toMatchObject(refused('query/actor'));
});

it.each(FAULTY)('a path with %j is refused with a pointer to the parameter', async (text) => {
  expect(await get(`/v1/customers/${text}`)).toMatchObject(refused('path/id'));
  expect(await get(`/v1/event-types/${text}`)).toMatchObject(refused('path/name'));
  expect(await get(`/v1/subscriptions/${text}/notifications?limit=5`)).toMatchObject(refused('path/id'));
});

it('a faulty name of a parameter, and a path of no route, are refused', async () => {
  expect(await get('/v1/subscriptions?%ff=1')).toMatchObject(refused('query/%ff'));
  expect(await get('/v1/subscriptions?a=1&&=%ff')).toMatchObject(refused('query/'));
  expect(await get('/v1/nothing/here/%ff')).toMatchObject(refused('path'));
});

it.each(['%C3%A9', '%f0%9f%98%80', 'a+b', '%25ff', '%2F', 'a/b?c', '', '%00'])(
  'a query with %j is read',
  async (text) => {
    const { status } = await get(`/v1/subscriptions?q=${text}`);
    expect([200, 422]).toContain(status);
  },
);

describe('a form', () => {
  const post = (body: string | Buffer) =>
    api.call('POST', '/oauth/token', {
      key: null,
      raw: body,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });

  it.each(['%ff', '%', 'a%c3', '%ed%a0%80'])('with %j is refused with a pointer to the field', async (text) => {
    expect(await post(`grant_type=client_credentials&client_id=${text}`)).toMatchObject(refused('/client_id'));
  });

  it('with bytes that are not UTF-8 is refused', async () => {
    expect(await post(Buffer.from('grant_type=\u00ff', 'latin1'))).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ path: '' }] },
    });
  });

  it('with encoded UTF-8 is read', async () => {
    expect(await post('grant_type=client_credentials&client_id=%C3%A9+%2B')).toMatchObject({ status: 401 });
  });
});
