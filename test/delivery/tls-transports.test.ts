import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient } from '../../src/delivery/http-client';
import { TlsTransports } from '../../src/delivery/tls-transports';
import { NO_PRIVATE_SETTINGS, type ReceiverTls } from '../../src/domain/private-settings';
import { receiverAccessOf } from '../../src/domain/receiver-access';
import { createAuthority, type Authority, type Certified } from '../support/certificates';
import { fakeOnly } from '../support/fake-timers';

/** Client certificates and private authorities, with a real server that requires them. */
let authority: Authority;
let other: Authority;
let alice: Certified;
let bob: Certified;
let server: Server;
let http: HttpClient;
let url: string;
/** The name in the client certificate of each request, and the number of its connection. */
let requests: { client: string; connection: number }[];

beforeAll(async () => {
  [authority, other] = [createAuthority('ours'), createAuthority('other')];
  [alice, bob] = [authority.issue('alice'), authority.issue('bob')];
  const { certificate: cert, key } = authority.issue('receiver');
  const connections = new Map<TLSSocket, number>();
  server = createServer(
    { cert, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      if (!connections.has(socket)) connections.set(socket, connections.size);
      const { subject } = socket.getPeerCertificate();
      requests.push({ client: String(subject.CN), connection: connections.get(socket)! });
      response.end();
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  authority.remove();
  other.remove();
});
beforeEach(() => {
  requests = [];
  http = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8']) });
});
afterEach(async () => {
  jest.useRealTimers();
  await http.close();
});

const identityOf = (tls: ReceiverTls) => receiverAccessOf({ ...NO_PRIVATE_SETTINGS, tls }).tls!;
const of = ({ certificate, key }: Certified, ca = authority.certificate) =>
  identityOf({ clientCertificate: certificate, clientKey: key, caCertificate: ca });
const send = (tls?: ReturnType<typeof identityOf>) =>
  http.send({ url, method: 'POST', headers: {}, timeoutMs: 5000, tls });

it('shows the client certificate, and trusts the authority of the subscription', async () => {
  expect(await send(of(alice))).toMatchObject({ error: null, response: { status: 200 } });
  expect(requests).toEqual([{ client: 'alice', connection: expect.any(Number) }]);
});

it('never sends a request over a connection or TLS session of other credentials', async () => {
  for (let round = 0; round < 3; round++) {
    await send(of(alice));
    await send(of(bob));
  }
  expect(requests.map(({ client }) => client)).toEqual(['alice', 'bob', 'alice', 'bob', 'alice', 'bob']);
  const connectionsOf = (name: string) =>
    requests.filter(({ client }) => client === name).map(({ connection }) => connection);
  // The connection is reused for the same credentials.
  expect(new Set(connectionsOf('alice')).size).toBe(1);
  expect(new Set(connectionsOf('bob')).size).toBe(1);
  expect((await send()).error).not.toBeNull();
  expect(requests).toHaveLength(6);
});

it.each([
  ['without a client certificate', () => identityOf({ caCertificate: authority.certificate })],
  ['with a client certificate of another authority', () => of(other.issue('alice'))],
])('fails %s', async (_what, identity) => {
  const { response, error } = await send(identity());
  expect(response).toBeNull();
  // With TLS 1.3, the server refuses the certificate after the handshake.
  expect(['tls', 'connect']).toContain(error!.class);
  expect(requests).toEqual([]);
});

it('fails if the authority of the subscription has not issued the certificate of the server', async () => {
  expect(await send(of(alice, other.certificate))).toMatchObject({ response: null, error: { class: 'tls' } });
});

it.each([
  ['1.2', '-tls1_2', /^the TLS connection failed \(ERR_SSL_[\w/]*ALERT_HANDSHAKE_FAILURE\)$/],
  // It comes after the handshake.
  ['1.3', '-tls1_3', /^the TLS connection failed \(ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED\)$/],
])('names the alert of a receiver that requires a client certificate, with TLS %s', async (_version, flag, message) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'signpost-tls-'));
  const { certificate, key } = authority.issue('strict receiver');
  writeFileSync(path.join(directory, 'cert.pem'), certificate);
  writeFileSync(path.join(directory, 'key.pem'), key);
  const args = ['s_server', '-accept', '127.0.0.1:0', '-cert', 'cert.pem', '-key', 'key.pem', '-Verify', '1', flag];
  const strict = spawn('openssl', args, { cwd: directory, stdio: ['pipe', 'pipe', 'ignore'] });
  const port = await new Promise<string>((resolve) => {
    let output = '';
    strict.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const listening = /ACCEPT \S*:(\d+)/.exec(output);
      if (listening) resolve(listening[1]!);
    });
  });
  const result = await http.send({
    url: `https://127.0.0.1:${port}/`,
    method: 'POST',
    headers: {},
    body: '{}',
    timeoutMs: 5000,
    tls: identityOf({ caCertificate: authority.certificate }),
  });
  strict.kill('SIGKILL');
  await once(strict, 'exit');
  rmSync(directory, { recursive: true });
  expect(result.error).toEqual({ class: 'tls', message: expect.stringMatching(message) });
});

describe('transports of credentials', () => {
  const OPTIONS = { guard: createAddressGuard([]), customerOf: () => undefined };
  const identity = (n: number) => identityOf({ caCertificate: `ca ${n}` });

  it('are closed a minute after the last request', async () => {
    fakeOnly('setTimeout', 'clearTimeout');
    const transports = new TlsTransports(OPTIONS);
    await transports.use(identity(1), async () => undefined);
    jest.advanceTimersByTime(59_000);
    expect(transports.size).toBe(1);
    const used = await transports.use(identity(1), async ({ agent }) => agent);
    jest.advanceTimersByTime(59_000);
    expect(transports.size).toBe(1);
    jest.advanceTimersByTime(2000);
    expect(transports.size).toBe(0);
    expect(used.destroyed).toBe(true);
  });

  it('stay open during a request, however long it takes', async () => {
    fakeOnly('setTimeout', 'clearTimeout');
    const transports = new TlsTransports(OPTIONS);
    let end!: () => void;
    let isDestroyed: boolean | undefined;
    const using = transports.use(identity(1), async ({ agent }) => {
      await new Promise<void>((resolve) => (end = resolve));
      isDestroyed = agent.destroyed;
    });
    jest.advanceTimersByTime(600_000);
    end();
    await using;
    expect(isDestroyed).toBe(false);
    await transports.close();
    expect(transports.size).toBe(0);
  });

  it('are at most 200 without requests, the last used ones', async () => {
    const transports = new TlsTransports(OPTIONS);
    const agents = [];
    for (let n = 0; n < 250; n++) agents.push(await transports.use(identity(n), async ({ agent }) => agent));
    expect(transports.size).toBe(200);
    expect(agents.map(({ destroyed }) => destroyed)).toEqual(agents.map((_, n) => n < 50));
    await transports.close();
  });
});
