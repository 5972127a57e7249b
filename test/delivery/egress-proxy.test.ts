import { createServer as createTlsServer } from 'node:https';
import net, { type AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient } from '../../src/delivery/http-client';
import type { Resolve } from '../../src/delivery/resolver';
import { NO_PRIVATE_SETTINGS } from '../../src/domain/private-settings';
import { receiverAccessOf } from '../../src/domain/receiver-access';
import { createAuthority } from '../support/certificates';
import { startConnectProxy, type ConnectProxy } from '../support/connect-proxy';
import { startReceiver, type Receiver } from '../support/receiver';

/** Requests through a real CONNECT proxy. */
let proxy: ConnectProxy;
let receiver: Receiver;
let http: HttpClient;
/** Addresses of names, as our own resolver finds them. */
let names: Record<string, string[]>;

const resolve: Resolve = (hostname, callback) =>
  callback(
    null,
    (names[hostname] ?? []).map((address) => ({ address, family: net.isIPv6(address) ? 6 : 4 })),
  );

function clientThrough(url: URL): HttpClient {
  return createHttpClient({ guard: createAddressGuard(['127.0.0.0/8'], resolve), egressProxy: url });
}

beforeEach(async () => {
  names = { 'hooks.example.com': ['127.0.0.1'] };
  proxy = await startConnectProxy();
  receiver = await startReceiver();
  http = clientThrough(proxy.url);
});
afterEach(async () => {
  await http.close();
  await receiver.close();
  await proxy.close();
});

const post = (url: string, client = http, timeoutMs = 5000) =>
  client.send({ url, method: 'POST', headers: { 'x-a': 'b' }, body: 'text', timeoutMs });
const named = (path = '/') => `http://hooks.example.com:${receiver.port}${path}`;

it('connects to the address that our resolver found and the guard checked, never to a name', async () => {
  expect(await post(named('/in'))).toMatchObject({ error: null, response: { status: 200 } });
  expect(proxy.tunnels).toMatchObject([{ target: `127.0.0.1:${receiver.port}` }]);
  expect(proxy.tunnels[0]!.headers.host).toBe(`127.0.0.1:${receiver.port}`);
  expect(receiver.requests).toMatchObject([
    { method: 'POST', path: '/in', body: 'text', headers: { host: `hooks.example.com:${receiver.port}` } },
  ]);
});

it('reuses tunnels for later requests to the same origin', async () => {
  for (let n = 0; n < 8; n++) expect((await post(named())).error).toBeNull();
  expect(proxy.tunnels.length).toBeLessThanOrEqual(2);
});

it.each([
  ['a literal address', 'http://10.0.0.1/'],
  ['a literal IPv6 address', 'http://[fd00::1]/'],
  ['a metadata service', 'http://169.254.169.254/latest'],
  ['a name with an internal address', 'http://inside.example.com/'],
  ['a name with a public and an internal address', 'http://mixed.example.com/'],
])('refuses %s before the proxy gets a request', async (_, url) => {
  names['inside.example.com'] = ['10.0.0.1'];
  names['mixed.example.com'] = ['203.0.113.9', '10.0.0.1'];
  expect((await post(url)).error?.class).toBe('blocked');
  expect(proxy.tunnels).toEqual([]);
});

it('gives the proxy an IPv6 address in brackets', async () => {
  names['six.example.com'] = ['2606:4700::1'];
  proxy.refuseWith(() => 502);
  await post('http://six.example.com/');
  expect(proxy.tunnels.map(({ target }) => target)).toEqual(['[2606:4700::1]:80']);
});

it('tries the next address of a name if the proxy does not reach the first one', async () => {
  names['hooks.example.com'] = ['127.0.0.2', '127.0.0.1'];
  proxy.refuseWith((target) => (target.startsWith('127.0.0.2') ? 504 : undefined));
  expect((await post(named())).error).toBeNull();
  expect(proxy.tunnels.map(({ target }) => target.split(':')[0])).toEqual(['127.0.0.2', '127.0.0.1']);
});

it('shows the proxy its credentials, and the receiver none of them', async () => {
  const guarded = await startConnectProxy('user:p@ss');
  const url = new URL(guarded.url.origin.replace('//', '//user:p%40ss@'));
  const client = clientThrough(url);
  expect((await post(named(), client)).error).toBeNull();
  expect(JSON.stringify(receiver.requests[0]!.headers)).not.toMatch(/proxy|Basic/i);
  await client.close();
  await guarded.close();
});

it('a proxy that refuses the credentials is an error of the connection, without the credentials', async () => {
  const guarded = await startConnectProxy('user:right');
  const client = clientThrough(new URL(guarded.url.origin.replace('//', '//user:wrong-one@')));
  const { error } = await post(named(), client);
  expect(error).toEqual({ class: 'connect', message: 'the egress proxy did not connect (HTTP 407)' });
  await client.close();
  await guarded.close();
});

it('a proxy that is down is an error of the connection, and works again when it is back', async () => {
  const port = Number(proxy.url.port);
  await proxy.close();
  const { error } = await post(named());
  expect(error).toEqual({ class: 'connect', message: 'the egress proxy is unreachable (ECONNREFUSED)' });
  expect(receiver.requests).toEqual([]);
  const back = net
    .createServer((socket) => socket.resume().end('HTTP/1.1 403 Forbidden\r\n\r\n'))
    .listen(port, '127.0.0.1');
  expect((await post(named())).error?.message).toBe('the egress proxy did not connect (HTTP 403)');
  await new Promise((done) => back.close(done));
});

it('a proxy whose name does not resolve is an error of the connection, not of the receiver’s name', async () => {
  const client = clientThrough(new URL('http://proxy.invalid:3128'));
  const { error } = await post(named(), client);
  expect(error).toMatchObject({
    class: 'connect',
    message: expect.stringContaining('the egress proxy is unreachable'),
  });
  await client.close();
});

it.each([
  ['no HTTP', 'hello\r\n\r\n', 'connect', 'the egress proxy did not return valid HTTP'],
  ['nothing', '', 'timeout', 'no connection within 0.3 s'],
  [
    'data before a request',
    'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
    'connect',
    'the egress proxy did not connect (HTTP 200)',
  ],
])('a proxy that answers with %s fails the attempt', async (_, text, errorClass, message) => {
  const sockets: net.Socket[] = [];
  const odd = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(text));
  });
  await new Promise<void>((done) => odd.listen(0, '127.0.0.1', done));
  const client = clientThrough(new URL(`http://127.0.0.1:${(odd.address() as AddressInfo).port}`));
  expect((await post(named(), client, 300)).error).toEqual({ class: errorClass, message });
  await client.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((done) => odd.close(done));
});

it('a receiver behind the proxy that closes the tunnel fails the attempt, and the next one has a new tunnel', async () => {
  receiver.answerRaw((request) => request.socket.destroy());
  expect((await post(named())).error).toMatchObject({ class: 'connect' });
  receiver.answerRaw(undefined);
  expect((await post(named())).error).toBeNull();
});

it('TLS is between Signpost and the receiver, with the client certificate of the subscription', async () => {
  const authority = createAuthority('ours');
  const { certificate: cert, key } = authority.issue('receiver');
  const alice = authority.issue('alice');
  const clients: string[] = [];
  const server = createTlsServer(
    { cert, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      clients.push(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
      response.end();
    },
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const tls = receiverAccessOf({
    ...NO_PRIVATE_SETTINGS,
    tls: { clientCertificate: alice.certificate, clientKey: alice.key, caCertificate: authority.certificate },
  }).tls!;
  const send = (identity?: typeof tls) =>
    http.send({ url, method: 'POST', headers: {}, timeoutMs: 5000, tls: identity });
  expect((await send(tls)).error).toBeNull();
  expect(clients).toEqual(['alice']);
  expect((await send()).error).toMatchObject({ class: 'tls' });
  expect(proxy.tunnels).toHaveLength(2);
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  authority.remove();
});

it('closes tunnels that are being opened when the client closes', async () => {
  const silent = net.createServer((socket) => socket.resume().on('error', () => undefined));
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
  const client = clientThrough(new URL(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`));
  const sent = post(named(), client, 700);
  await client.close();
  expect((await sent).error).not.toBeNull();
  await new Promise((done) => silent.close(done));
});
