import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { pino } from 'pino';
import type { TlsPaths } from '../../src/config/tls-paths';
import { TemporalLink } from '../../src/temporal/connection';
import { createAuthority, type Authority, type Certified } from '../support/certificates';
import { fromSetup } from '../support/environment';
import { until } from '../support/until';

/**
 * Mutual TLS towards Temporal. The development server has no TLS, so a server in front of it ends
 * TLS and asks for a client certificate, as a frontend of a cluster does.
 */
const NAME = 'temporal.internal';
let directory: string;
let authority: Authority;
let stranger: Authority;
let server: tls.Server;
const paths: Record<string, string> = {};
/** Names of the client certificates that were shown. */
const shown: string[] = [];

function write(name: string, { certificate, key }: Certified): void {
  for (const [kind, text] of Object.entries({ cert: certificate, key })) {
    const file = path.join(directory, `${name}.${kind}`);
    writeFileSync(file, text);
    paths[`${name}.${kind}`] = file;
  }
}

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'signpost-temporal-tls-'));
  authority = createAuthority('Cluster CA');
  stranger = createAuthority('Another CA');
  write('ca', authority);
  write('stranger-ca', stranger);
  write('client', authority.issue('signpost'));
  write('stranger', stranger.issue('stranger'));
  const { certificate: cert, key } = authority.issue(NAME);
  const options = { cert, key, ca: authority.certificate, requestCert: true, rejectUnauthorized: true };
  server = tls.createServer({ ...options, ALPNProtocols: ['h2'] }, (secure) => {
    shown.push(secure.getPeerCertificate().subject.CN as string);
    const [host, port] = fromSetup('temporal').split(':');
    const plain = net.connect(Number(port), host);
    secure.pipe(plain).pipe(secure);
    for (const socket of [secure, plain]) socket.on('error', () => [secure, plain].forEach((each) => each.destroy()));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  authority.remove();
  stranger.remove();
  rmSync(directory, { recursive: true });
});

function connect(given: TlsPaths) {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { link: new TemporalLink({ address, namespace: 'default', tls: given }, log), lines };
}

it('connects to Temporal with a client certificate, and trusts its own authority only', async () => {
  const { link } = connect({
    serverCaCertPath: paths['ca.cert'],
    clientCertPath: paths['client.cert'],
    clientKeyPath: paths['client.key'],
  });
  await link.connected;
  // A ping has a short deadline.
  await until(
    () => link.ping().catch(() => false),
    (answered) => answered,
  );
  expect(new Set(shown)).toEqual(new Set(['signpost']));
  await link.close();
});

it.each<[string, () => TlsPaths]>([
  ['without a client certificate', () => ({ serverCaCertPath: paths['ca.cert'] })],
  [
    'with the client certificate of another authority',
    () => ({
      serverCaCertPath: paths['ca.cert'],
      clientCertPath: paths['stranger.cert'],
      clientKeyPath: paths['stranger.key'],
    }),
  ],
  [
    'to a server of another authority',
    () => ({
      serverCaCertPath: paths['stranger-ca.cert'],
      clientCertPath: paths['client.cert'],
      clientKeyPath: paths['client.key'],
    }),
  ],
  [
    'to a server that has another name than the configured one',
    () => ({
      serverCaCertPath: paths['ca.cert'],
      clientCertPath: paths['client.cert'],
      clientKeyPath: paths['client.key'],
      serverName: 'elsewhere.example',
    }),
  ],
])('does not connect to Temporal %s, and says so', async (_, given) => {
  const before = shown.length;
  const { link, lines } = connect(given());
  await until(
    async () => lines.join('\n'),
    (text) => text.includes('Temporal does not respond'),
  );
  expect(() => link.use()).toThrow('There is no connection to Temporal');
  await link.close();
  expect(shown).toHaveLength(before);
});
