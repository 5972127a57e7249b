import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { TemporalLink } from '../../src/temporal/connection';
import { createAuthority, type Authority } from '../support/certificates';
import { fromSetup } from '../support/environment';
import { until } from '../support/until';

/**
 * An API key of Temporal that is replaced. The development server checks no keys, so a server in
 * front of it does, as the frontend of Temporal Cloud would.
 */
let directory: string;
let authority: Authority;
let server: http2.Http2SecureServer;
let upstream: http2.ClientHttp2Session;
let caPath: string;
let keyFile: string;
let accepted = 'none';
const sessions = new Set<http2.ServerHttp2Session>();

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'signpost-temporal-key-'));
  authority = createAuthority('Cloud CA');
  caPath = path.join(directory, 'ca.pem');
  keyFile = path.join(directory, 'key');
  writeFileSync(caPath, authority.certificate);
  const { certificate: cert, key } = authority.issue('127.0.0.1');
  upstream = http2.connect(`http://${fromSetup('temporal')}`);
  server = http2.createSecureServer({ cert, key });
  server.on('session', (session) => sessions.add(session));
  server.on('stream', forward);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  for (const session of sessions) session.destroy();
  upstream.destroy();
  await new Promise((resolve) => server.close(resolve));
  authority.remove();
  rmSync(directory, { recursive: true });
});

function forward(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
  if (headers.authorization !== `Bearer ${accepted}`) {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '16' }, { endStream: true });
    return;
  }
  const call = upstream.request({ ...headers, ':authority': undefined, ':scheme': 'http' });
  let trailers: http2.OutgoingHttpHeaders = {};
  call.on('response', (response, flags) => {
    const endStream = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(response, { endStream, waitForTrailers: !endStream });
  });
  call.on('trailers', (received) => (trailers = received));
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.pipe(call).pipe(stream);
  for (const each of [call, stream]) each.on('error', () => [call, stream].forEach((one) => one.destroy()));
}

function connect(apiKey: string) {
  writeFileSync(keyFile, `${apiKey}\n`);
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const settings = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    namespace: 'default',
    apiKey,
    apiKeyFile: keyFile,
    tls: { serverCaCertPath: caPath },
  };
  const link = new TemporalLink(settings, log, undefined, 50);
  const responds = (expected: boolean) =>
    until(
      () => link.ping().catch(() => false),
      (answer) => answer === expected,
    );
  return { link, lines, responds };
}

it('goes on with the API key that replaced another one in its file, without a new connection', async () => {
  accepted = 'first';
  const { link, lines, responds } = connect('first');
  await link.connected;
  await responds(true);
  const { connection } = link.use();

  accepted = 'second';
  await responds(false);
  writeFileSync(keyFile, 'second\n');
  await responds(true);
  expect(link.use().connection).toBe(connection);
  // The file may be away for a moment while it is replaced.
  rmSync(keyFile);
  await until(
    async () => lines.join(''),
    (text) => text.includes('could not be read again'),
  );
  await responds(true);
  expect(lines.join('')).not.toMatch(/first|second/);
  await link.close();
});

it('connects as soon as the file has a valid API key', async () => {
  accepted = 'valid';
  const { link, lines } = connect('expired');
  await until(
    async () => lines.join(''),
    (text) => text.includes('Temporal does not respond'),
  );
  writeFileSync(keyFile, 'valid');
  await link.connected;
  expect(await link.ping()).toBe(true);
  await link.close();
});
