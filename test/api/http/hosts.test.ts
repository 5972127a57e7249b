import { request } from 'node:http';
import { startTestApi, type TestApi } from '../../support/api';

/**
 * Requests for a host that the service does not serve. The test API trusts 127.0.0.1 as a proxy.
 */
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(undefined, undefined, {
    publicUrl: 'https://hooks.example.com',
    allowedHosts: ['signpost.internal.example'],
  });
});
afterAll(() => api?.stop());

interface Reply {
  status: number;
  body: string;
}

function get(path: string, headers: Record<string, string>, url = api.url): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, body }));
    });
    sent.on('error', reject).end();
  });
}

it.each(['/v1/products', '/metrics', '/openapi.json', '/docs', '/secret', '/no/such/route'])(
  'GET %s is refused for the host of a page that resolves to this machine',
  async (path) => {
    const { status, body } = await get(path, { host: 'evil.example:8080' });
    expect(status).toBe(421);
    const problem = JSON.parse(body) as Record<string, string>;
    expect(problem).toMatchObject({ code: 'unknown-host', status: 421, instance: path });
    expect(problem.detail).toContain('"evil.example:8080"');
    expect(problem.detail).toContain('SIGNPOST_ALLOWED_HOSTS');
  },
);

it.each(['/healthz', '/readyz'])('GET %s is answered for any host, because probes name pods', async (path) => {
  expect((await get(path, { host: 'pod-7.nodes.example' })).status).toBe(200);
});

it.each(['hooks.example.com', 'signpost.internal.example:8080', 'localhost', '192.168.1.20:8080'])(
  'GET /openapi.json is answered for the host %s',
  async (host) => {
    expect((await get('/openapi.json', { host })).status).toBe(200);
  },
);

it.each([
  ['hooks.example.com', 200],
  ['evil.example', 421],
  // A proxy appends its own entry to the client's.
  ['localhost, evil.example', 421],
  ['evil.example, localhost', 421],
])('X-Forwarded-Host: %s of a trusted proxy gets %d', async (forwarded, status) => {
  const headers = { host: 'signpost:8080', 'x-forwarded-host': forwarded };
  expect((await get('/openapi.json', headers)).status).toBe(status);
});

it('X-Forwarded-Host of an address that is no trusted proxy has no effect', async () => {
  const direct = await startTestApi(undefined, undefined, { trustedProxies: ['192.0.2.1'] });
  try {
    const headers = { host: 'localhost', 'x-forwarded-host': 'evil.example' };
    expect((await get('/openapi.json', headers, direct.url)).status).toBe(200);
    const hidden = { host: 'evil.example', 'x-forwarded-host': 'localhost' };
    expect((await get('/openapi.json', hidden, direct.url)).status).toBe(421);
  } finally {
    await direct.stop();
  }
});

it('X-Forwarded-Host does not hide an unknown host', async () => {
  const headers = { host: 'evil.example', 'x-forwarded-host': 'localhost' };
  expect((await get('/openapi.json', headers)).status).toBe(421);
});
