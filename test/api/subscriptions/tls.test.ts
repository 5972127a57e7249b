import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generateKeyPairSync } from 'node:crypto';
import { challengeResponse } from '../../../src/domain/signing';
import { startTestApi, type TestApi } from '../../support/api';
import { createAuthority, type Authority, type Certified } from '../../support/certificates';
import { makeTenant, settings } from '../../support/tenant';

/** Subscriptions with a client certificate or a certificate authority of their own. */
let api: TestApi;
let authority: Authority;
let client: Certified;
let server: Server;
let key: string;
let customerId: string;
let url: string;
let secret: string;

beforeAll(async () => {
  api = await startTestApi(['https://127.0.0.1:*', 'http://127.0.0.1:*']);
  authority = createAuthority('ours');
  client = authority.issue('signpost');
  const { certificate: cert, key: serverKey } = authority.issue('receiver');
  const options = { cert, key: serverKey, ca: authority.certificate, requestCert: true, rejectUnauthorized: true };
  server = createServer(options, (request, response) => {
    const token = new URL(request.url!, 'http://receiver').searchParams.get('crc_token')!;
    response.end(JSON.stringify({ response_token: challengeResponse(secret, token) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  await api?.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  authority.remove();
});
beforeEach(async () => void ({ key, customerId } = await makeTenant(api)));

const ours = () => ({
  clientCertificate: client.certificate,
  clientKey: client.key,
  caCertificate: authority.certificate,
});
const create = async (tls: object | null, fields = {}) => {
  const created = await api.must('POST', '/v1/subscriptions', settings({ customerId, url, tls, ...fields }), key);
  secret = created.secret;
  return created;
};
const post = (tls: object, fields = {}) =>
  api.call('POST', '/v1/subscriptions', { key, body: settings({ customerId, url, tls, ...fields }) });
const patch = (id: string, body: object) => api.call('PATCH', `/v1/subscriptions/${id}`, { key, body });
const challenge = (id: string) => api.must('POST', `/v1/subscriptions/${id}/challenge`, {}, key);
const errors = ({ status, body }: { status: number; body: { errors?: { path: string; message: string }[] } }) => [
  status,
  ...(body.errors ?? []).map(({ path, message }) => [path, message]),
];

it('a challenge shows the client certificate, and its key is masked for everybody', async () => {
  const { id, tls } = await create(ours());
  expect(tls).toEqual({ ...ours(), clientKey: '***' });
  expect(await challenge(id)).toMatchObject({ status: 'verified' });
});

it('a challenge fails without the client certificate', async () => {
  const { id } = await create({ caCertificate: authority.certificate });
  expect(await challenge(id)).toMatchObject({ status: 'failed', responseStatus: null });
});

it('a new certificate keeps the stored key by its mask, if it is its key', async () => {
  const { id } = await create(ours());
  const change = { ...ours(), clientKey: '***', caCertificate: `${authority.certificate}\n` };
  expect((await patch(id, { tls: change })).body.tls).toEqual(change);
  expect(await challenge(id)).toMatchObject({ status: 'verified' });
  const { certificate } = authority.issue('another');
  expect(errors(await patch(id, { tls: { ...change, clientCertificate: certificate } }))).toEqual([
    422,
    ['/tls/clientKey', 'is not the key of clientCertificate'],
  ]);
});

it('is removed with null, and a mask then stands for nothing', async () => {
  const { id } = await create(ours());
  expect((await patch(id, { tls: null })).body.tls).toBeNull();
  expect(errors(await patch(id, { tls: { ...ours(), clientKey: '***' } }))).toEqual([
    422,
    ['/tls/clientKey', expect.stringContaining('there is none')],
  ]);
});

it('a write of the same credentials changes nothing', async () => {
  const { id, modifiedAt } = await create(ours());
  expect((await patch(id, { tls: ours() })).body.modifiedAt).toBe(modifiedAt);
  expect((await patch(id, { tls: { ...ours(), clientKey: '***' } })).body.modifiedAt).toBe(modifiedAt);
});

describe('TLS credentials are refused', () => {
  it.each<[string, () => object, string, string]>([
    ['without any field', () => ({}), '/tls', 'must contain'],
    ['with a key alone', () => ({ clientKey: client.key }), '/tls/clientCertificate', 'is required'],
    ['with a certificate alone', () => ({ clientCertificate: client.certificate }), '/tls/clientKey', 'is required'],
    ['with text for a certificate', () => ({ ...ours(), clientCertificate: 'x' }), '/tls/clientCertificate', 'in PEM'],
    [
      'with a key in the certificate, which is shown',
      () => ({ ...ours(), clientCertificate: client.certificate + client.key }),
      '/tls/clientCertificate',
      'nothing else',
    ],
    [
      'with a damaged certificate',
      () => ({ caCertificate: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }),
      '/tls/caCertificate',
      'cannot be read',
    ],
    ['with text for a key', () => ({ ...ours(), clientKey: 'x' }), '/tls/clientKey', 'private key in PEM'],
    [
      'with a key that needs a passphrase',
      () => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
        const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const;
        return { ...ours(), clientKey: privateKey.export(options) };
      },
      '/tls/clientKey',
      'without a passphrase',
    ],
    [
      'with the key of another certificate',
      () => ({ ...ours(), clientKey: authority.issue('b').key }),
      '/tls/clientKey',
      'is not the key',
    ],
    [
      'with a certificate that has expired',
      () => {
        const { certificate, key: clientKey } = authority.issue('old', -1);
        return { clientCertificate: certificate, clientKey };
      },
      '/tls/clientCertificate',
      'expired',
    ],
    ['with another field', () => ({ ...ours(), passphrase: 'x' }), '/tls/passphrase', 'unknown'],
  ])('%s', async (_what, tls, path, message) => {
    expect(errors(await post(tls()))).toEqual([422, [path, expect.stringContaining(message)]]);
  });

  it('for an http URL, also when the URL changes later', async () => {
    const http = 'http://127.0.0.1:1/';
    expect(errors(await post(ours(), { url: http }))).toEqual([422, ['/tls', 'requires an https URL']]);
    const { id } = await create(ours());
    expect(errors(await patch(id, { url: http }))).toEqual([422, ['/tls', 'requires an https URL']]);
    expect((await patch(id, { url: http, tls: null })).status).toBe(200);
  });
});
