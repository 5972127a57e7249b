import { createHash, generateKeyPairSync } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import { startTestApi, type TestApi } from '../../support/api';
import { makeTenant, settings } from '../../support/tenant';

/** Encryption of bodies: which keys are taken, and how they are set and removed. */
let api: TestApi;
let key: string;
let customerId: string;
let eventType: string;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());
beforeEach(async () => void ({ key, customerId, eventType } = await makeTenant(api)));

const create = (encryption: unknown, fields = {}) =>
  api.call('POST', '/v1/subscriptions', { key, body: settings({ customerId, encryption, ...fields }) });
const patch = (id: string, body: object) => api.call('PATCH', `/v1/subscriptions/${id}`, { key, body });
const read = async (id: string) => (await api.must('GET', `/v1/subscriptions/${id}`, undefined, key)).encryption;
const paths = ({ status, body }: { status: number; body: { errors?: { path: string }[] } }) => [
  status,
  ...(body.errors ?? []).map(({ path }) => path),
];

/** A public key as JWK, and its private members beside it. */
function rsa(modulusLength = 2048, publicExponent = 65_537) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent });
  return { open: publicKey.export({ format: 'jwk' }), closed: privateKey.export({ format: 'jwk' }) };
}
async function curve(alg: 'ECDH-ES', crv: string) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { crv, extractable: true });
  return { open: await exportJWK(publicKey), closed: await exportJWK(privateKey) };
}
const RSA = rsa();

describe('a public key', () => {
  it.each([
    ['RSA of 2048 bits', () => RSA.open, 'RSA-OAEP-256'],
    ['RSA of 4096 bits', () => rsa(4096).open, 'RSA-OAEP-256'],
    ['P-256', async () => (await curve('ECDH-ES', 'P-256')).open, 'ECDH-ES+A256KW'],
    ['X25519', async () => (await curve('ECDH-ES', 'X25519')).open, 'ECDH-ES+A256KW'],
  ])('of %s is taken, and the answer names the algorithm', async (_kind, make, algorithm) => {
    const publicKey = { ...(await make()), kid: 'key-1' };
    const { status, body } = await create({ publicKey });
    expect([status, body.encryption]).toEqual([201, { publicKey, algorithm }]);
    expect(await read(body.id)).toEqual({ publicKey, algorithm });
  });

  it('decides on the algorithm by its alg, unless the subscription names one', async () => {
    const { open } = await curve('ECDH-ES', 'P-256');
    const byKey = await create({ publicKey: { ...open, alg: 'ECDH-ES' } });
    expect(byKey.body.encryption.algorithm).toBe('ECDH-ES');
    const named = await create({ publicKey: open, algorithm: 'ECDH-ES' });
    expect(named.body.encryption.algorithm).toBe('ECDH-ES');
  });

  it.each(['d', 'p', 'q', 'dp', 'dq', 'qi'])('is refused with the private member %s', async (member) => {
    const publicKey = { ...RSA.open, [member]: RSA.closed[member] };
    const answer = await create({ publicKey });
    expect(paths(answer)).toEqual([422, `/encryption/publicKey/${member}`]);
    expect(JSON.stringify(answer.body)).not.toContain(RSA.closed[member]);
  });

  it('is refused with a pointer to each private member', async () => {
    const { closed } = await curve('ECDH-ES', 'X25519');
    expect(paths(await create({ publicKey: closed }))).toEqual([422, '/encryption/publicKey/d']);
    expect(paths(await create({ publicKey: RSA.closed }))).toHaveLength(7);
  });

  it('is refused if it is symmetric', async () => {
    const publicKey = { kty: 'oct', k: createHash('sha256').digest('base64url') };
    expect(paths(await create({ publicKey }))).toEqual([422, '/encryption/publicKey/k']);
    expect(paths(await create({ publicKey: { kty: 'oct' } }))).toEqual([422, '/encryption/publicKey/kty']);
  });

  it.each([
    ['RSA of 1024 bits', () => rsa(1024).open, '/n'],
    ['RSA with the exponent 3', () => rsa(2048, 3).open, '/e'],
    ['RSA with the exponent 1', () => ({ ...RSA.open, e: 'AQ' }), '/e'],
    ['RSA with an even exponent', () => ({ ...RSA.open, e: 'AQAC' }), '/e'],
    ['RSA with a modulus that is no base64url', () => ({ ...RSA.open, n: 'a+b/' }), '/n'],
    ['P-384', async () => (await curve('ECDH-ES', 'P-384')).open, '/crv'],
    ['a signature key', () => generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }), '/crv'],
    ['use sig', () => ({ ...RSA.open, use: 'sig' }), '/use'],
    ['an algorithm for signatures', () => ({ ...RSA.open, alg: 'RS256' }), '/alg'],
    ['an algorithm of other keys', () => ({ ...RSA.open, alg: 'ECDH-ES' }), '/alg'],
    ['an unknown member', () => ({ ...RSA.open, x5c: [] }), '/x5c'],
    ['a control character in kid', () => ({ ...RSA.open, kid: 'a\u0000' }), '/kid'],
    ['a lone surrogate in kid', () => ({ ...RSA.open, kid: 'a\ud800' }), '/kid'],
    ['P-256 of a point beside the curve', () => ({ kty: 'EC', crv: 'P-256', x: 'AQ', y: 'AQ' }), ''],
    ['X25519 of small order', () => ({ kty: 'OKP', crv: 'X25519', x: Buffer.alloc(32).toString('base64url') }), ''],
    ['X25519 of another length', () => ({ kty: 'OKP', crv: 'X25519', x: 'AQ' }), ''],
  ])('is refused if it is %s', async (_kind, make, field) => {
    expect(paths(await create({ publicKey: await make() }))).toEqual([422, `/encryption/publicKey${field}`]);
  });

  it.each([
    ['of another kind of key', 'ECDH-ES', {}],
    ['unlike alg of the key', 'RSA-OAEP-256', { alg: 'ECDH-ES' }],
    ['that is not known', 'RSA1_5', {}],
  ])('is refused with an algorithm %s', async (_kind, algorithm, more) => {
    expect(paths(await create({ publicKey: { ...RSA.open, ...more }, algorithm }))).toEqual([
      422,
      '/encryption/algorithm',
    ]);
  });
});

describe('the encryption of bodies', () => {
  const encryption = { publicKey: RSA.open, algorithm: 'RSA-OAEP-256' };

  it('is off by default', async () => {
    const { body } = await create(undefined);
    expect(body.encryption).toBeNull();
  });

  it('can be set, replaced and removed by PATCH', async () => {
    const { body } = await create(null);
    expect((await patch(body.id, { encryption })).body.encryption).toEqual(encryption);
    const { open } = rsa();
    expect((await patch(body.id, { encryption: { publicKey: open } })).body.encryption.publicKey).toEqual(open);
    expect((await patch(body.id, { name: `${body.name}-2` })).body.encryption.publicKey).toEqual(open);
    expect((await patch(body.id, { encryption: null })).body.encryption).toBeNull();
    expect(await read(body.id)).toBeNull();
  });

  it('changes nothing if the same key is sent again', async () => {
    const { body } = await create(encryption);
    expect((await patch(body.id, { encryption: { publicKey: RSA.open } })).body.modifiedAt).toBe(body.modifiedAt);
  });

  it('can be set and removed by setting up all of a customer', async () => {
    const path = `/v1/customers/${customerId}/subscriptions`;
    const one = settings({ encryption });
    const put = async (subscription: object) =>
      (await api.must('PUT', path, { subscriptions: [subscription] }, key)).items[0].encryption;
    expect(await put(one)).toEqual(encryption);
    expect(await put({ ...one, encryption: undefined })).toBeNull();
    const faulty = { ...one, encryption: { publicKey: rsa(1024).open } };
    const answer = await api.call('PUT', path, { key, body: { subscriptions: [faulty] } });
    expect(paths(answer)).toEqual([422, '/subscriptions/0/encryption/publicKey/n']);
  });

  it.each([{ method: 'GET' }, { format: 'trigger' }, { format: 'trigger', method: 'GET' }])(
    'cannot be combined with %o, whichever is set first',
    async (combined: { method?: string; format?: string }) => {
      const fields = { ...combined, eventTypes: [eventType] };
      expect(paths(await create(encryption, fields))).toEqual([422, '/encryption']);
      const open = await create(null, fields);
      expect(paths(await patch(open.body.id, { encryption }))).toEqual([422, '/encryption']);
      if (!fields.method || fields.format) return;
      const encrypted = await create(encryption);
      expect(paths(await patch(encrypted.body.id, fields))).toEqual([422, '/encryption']);
    },
  );

  it('is named in the audit log with the old and the new key', async () => {
    const { body } = await create(null);
    await patch(body.id, { encryption });
    const { items } = await api.must('GET', `/v1/audit?object=${body.id}&action=subscription.change`);
    expect(items[0].changes).toEqual({ encryption: { from: null, to: encryption } });
  });
});
