import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient } from '../../src/delivery/http-client';

/** Services of Signpost itself, such as the Temporal UI, where loopback is allowed. */
const servers: http.Server[] = [];
let client: HttpClient;
let requests: string[];
const ownPorts = new Set<number>();

async function listen(host: string): Promise<number> {
  const server = http.createServer((request, response) => {
    requests.push(request.url!);
    response.end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}
const send = (url: string) => client.send({ method: 'POST', url, headers: {}, body: '{}', timeoutMs: 5000 });

beforeEach(() => {
  requests = [];
  ownPorts.clear();
  const guard = createAddressGuard(['127.0.0.0/8', '::1/128'], undefined, { ownPorts: () => ownPorts });
  client = createHttpClient({ guard });
});
afterEach(async () => {
  await client.close();
  for (const server of servers.splice(0)) server.close();
});

it.each(['127.0.0.1', '127.1', 'localhost', 'LOCALHOST.', '[::ffff:127.0.0.1]', '0x7f000001'])(
  'are refused at %s, where another port is reached',
  async (host) => {
    const [own, other] = [await listen('127.0.0.1'), await listen('127.0.0.1')];
    ownPorts.add(own);
    expect(await send(`http://${host}:${own}/own`)).toMatchObject({ error: { class: 'blocked' } });
    expect(await send(`http://${host}:${other}/other`)).toMatchObject({ response: { status: 200 } });
    expect(requests).toEqual(['/other']);
  },
);

it('are refused at other addresses of this machine, if they are allowed', async () => {
  const policy = { ownAddresses: () => ['10.1.2.3'], ownPorts: () => new Set([8233]) };
  const guard = createAddressGuard(['10.0.0.0/8'], undefined, policy);
  expect(() => guard.check(new URL('http://10.1.2.3:8233/'))).toThrow('port 8233 of this machine is not allowed');
  expect(() => guard.check(new URL('http://10.1.2.3:8234/'))).not.toThrow();
  expect(() => guard.check(new URL('http://10.9.9.9:8233/'))).not.toThrow();
});
