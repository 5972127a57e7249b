import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { VerificationError, verifyStandard } from '../../../sdk/src/receiver';
import { NOW_SECONDS, signatureOf, signedHeaders } from './sign';

const SECRET = 'shared secret of the receiver';
const OLD_SECRET = 'secret before the rotation';
const options = { secret: SECRET };

// Frozen, so that the tolerance can be tested to the second.
beforeEach(() => void jest.spyOn(Date, 'now').mockReturnValue(NOW_SECONDS * 1000));
afterEach(() => jest.restoreAllMocks());

it('verifyStandard accepts the example of the Standard Webhooks reference libraries', () => {
  jest.spyOn(Date, 'now').mockReturnValue(1_614_265_330_000);
  const headers = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  };
  expect(verifyStandard('{"test": 2432232314}', headers, { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' })).toEqual(
    { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: new Date('2021-02-25T15:02:10Z') },
  );
});

describe('time', () => {
  const verifyAt = (offsetSeconds: number, settings = {}) =>
    verifyStandard('{}', signedHeaders(SECRET, { timestamp: NOW_SECONDS + offsetSeconds }), {
      ...options,
      ...settings,
    });

  it.each([-300, -290, 0, 290, 300])('verifyStandard accepts a delivery signed %i s from now', (offsetSeconds) => {
    expect(verifyAt(offsetSeconds).timestamp).toEqual(new Date((NOW_SECONDS + offsetSeconds) * 1000));
  });

  it.each([-86_400, -310, -301, 301, 310, 86_400])(
    'verifyStandard rejects a delivery signed %i s from now',
    (offsetSeconds) => {
      expect(() => verifyAt(offsetSeconds)).toThrow(VerificationError);
    },
  );

  it.each([
    [10, 10],
    [-10, 10],
    [1000, 1000],
    [0, 0],
  ])('verifyStandard accepts %i s with a tolerance of %i s', (offsetSeconds, toleranceSeconds) => {
    expect(verifyAt(offsetSeconds, { toleranceSeconds }).id).toBe('evt_1');
  });

  it.each([
    [11, 10],
    [-11, 10],
    [1, 0],
  ])('verifyStandard rejects %i s with a tolerance of %i s', (offsetSeconds, toleranceSeconds) => {
    expect(() => verifyAt(offsetSeconds, { toleranceSeconds })).toThrow(VerificationError);
  });

  it.each(['now', '1.7e9', '1700000000.0', '0x6553f100', ' 1700000000', '1700000000 ', '-1700000000', '+1700000000'])(
    'verifyStandard rejects the correctly signed timestamp "%s"',
    (timestamp) => {
      expect(() => verifyStandard('{}', signedHeaders(SECRET, { timestamp }), options)).toThrow(VerificationError);
    },
  );
});

describe('rotation', () => {
  it.each([
    ['the only secret', [SECRET], [SECRET]],
    ['the first of two secrets', [SECRET, OLD_SECRET], [SECRET]],
    ['the second of two secrets', [OLD_SECRET, SECRET], [SECRET]],
    ['the first of two signatures', [SECRET], [SECRET, OLD_SECRET]],
    ['the second of two signatures', [SECRET], [OLD_SECRET, SECRET]],
    ['the third of three signatures', [SECRET], [OLD_SECRET, 'older', SECRET]],
  ])('verifyStandard accepts a match of %s', (_, secret, signedWith) => {
    expect(verifyStandard('{}', signedHeaders(signedWith), { secret }).id).toBe('evt_1');
  });

  it('verifyStandard rejects signatures of secrets that are all unknown', () => {
    const headers = signedHeaders(['one', 'two']);
    expect(() => verifyStandard('{}', headers, { secret: [SECRET, OLD_SECRET] })).toThrow(VerificationError);
  });

  it('verifyStandard skips signatures of an unknown version', () => {
    const { 'webhook-signature': signature, ...headers } = signedHeaders(SECRET);
    const signed = { ...headers, 'webhook-signature': `v2,abc garbage ${signature}` };
    expect(verifyStandard('{}', signed, options).id).toBe('evt_1');
  });
});

describe('what is signed', () => {
  const signed = { id: 'evt_1', body: '{"amount":1}' };
  const headers = signedHeaders(SECRET, signed);

  it.each([
    ['the body', '{"amount":2}', headers],
    ['the id', signed.body, { ...headers, 'webhook-id': 'evt_2' }],
    ['the timestamp', signed.body, { ...headers, 'webhook-timestamp': String(NOW_SECONDS + 1) }],
    ['the border between id and timestamp', signed.body, { ...headers, 'webhook-id': `evt_1.${NOW_SECONDS}` }],
    ['white space in the body', '{"amount": 1}', headers],
  ])('verifyStandard rejects a change of %s', (_, body, changed) => {
    expect(verifyStandard(signed.body, headers, options).id).toBe('evt_1');
    expect(() => verifyStandard(body, changed, options)).toThrow(VerificationError);
  });

  it('verifyStandard verifies the bytes of a body that is not UTF-8', () => {
    const body = Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]);
    expect(verifyStandard(body, signedHeaders(SECRET, { body }), options).id).toBe('evt_1');
  });

  it('verifyStandard verifies text outside ASCII, and the empty body of a GET', () => {
    for (const body of ['{"payer":"Zoë"}', ''])
      expect(verifyStandard(body, signedHeaders(SECRET, { body }), options).id).toBe('evt_1');
  });
});

describe('headers', () => {
  const headers = signedHeaders(SECRET);

  it.each(Object.keys(headers))('verifyStandard rejects a delivery without %s', (name) => {
    const { [name]: _, ...rest } = headers;
    expect(() => verifyStandard('{}', rest, options)).toThrow(VerificationError);
    expect(() => verifyStandard('{}', { ...headers, [name]: '' }, options)).toThrow(VerificationError);
  });

  it('verifyStandard rejects a correctly signed delivery whose id is empty', () => {
    expect(() => verifyStandard('{}', signedHeaders(SECRET, { id: '' }), options)).toThrow(VerificationError);
  });

  it('verifyStandard reads the Headers of the Fetch API, and headers that Node split into lists', () => {
    expect(verifyStandard('{}', new Headers(headers), options).id).toBe('evt_1');
    const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
    expect(verifyStandard('{}', lists, options).id).toBe('evt_1');
  });

  it.each(['v9,x', 'v1,', 'v1', ',', 'v1a,x'])('verifyStandard rejects the signature "%s"', (signature) => {
    expect(() => verifyStandard('{}', { ...headers, 'webhook-signature': signature }, options)).toThrow(
      VerificationError,
    );
  });

  it.each(['v2', 'v1a', 'V1', ''])('verifyStandard rejects a valid HMAC under the version "%s"', (version) => {
    const signature = headers['webhook-signature']!.replace(/^v1/, version);
    expect(() => verifyStandard('{}', { ...headers, 'webhook-signature': signature }, options)).toThrow(
      VerificationError,
    );
  });
});

describe('ed25519', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const other = generateKeyPairSync('ed25519');
  const rawOf = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
  const whpk = `whpk_${rawOf(publicKey)}`;
  const edSignature = (key: KeyObject, body = '{}') =>
    `v1a,${sign(null, Buffer.from(`evt_1.${NOW_SECONDS}.${body}`), key).toString('base64')}`;
  const headersOf = (signature: string) => ({ ...signedHeaders(SECRET), 'webhook-signature': signature });

  it.each([
    ['alone', edSignature(privateKey)],
    ['after a v1 of an unknown secret', `${signatureOf('unknown')} ${edSignature(privateKey)}`],
    ['after a v1a of another key', `${edSignature(other.privateKey)} ${edSignature(privateKey)}`],
  ])('verifyStandard accepts a v1a signature %s', (_, signature) => {
    expect(verifyStandard('{}', headersOf(signature), { publicKey: whpk })).toEqual({
      id: 'evt_1',
      timestamp: new Date(NOW_SECONDS * 1000),
    });
  });

  it.each([
    ['of another body', edSignature(privateKey, '{ }'), { publicKey: whpk }],
    ['of another key', edSignature(other.privateKey), { publicKey: whpk }],
    ['without a public key to verify it', edSignature(privateKey), { secret: SECRET }],
    ['under version v1', edSignature(privateKey).replace('v1a', 'v1'), { publicKey: whpk, secret: SECRET }],
  ])('verifyStandard rejects an ed25519 signature %s', (_, signature, settings) => {
    expect(() => verifyStandard('{}', headersOf(signature), settings)).toThrow(VerificationError);
  });

  it('verifyStandard rejects a v1 signature if it was given only a public key', () => {
    expect(() => verifyStandard('{}', signedHeaders(SECRET), { publicKey: whpk })).toThrow(VerificationError);
  });

  it('verifyStandard throws a TypeError for a malformed public key', () => {
    const verify = () => verifyStandard('{}', headersOf(edSignature(privateKey)), { publicKey: 'whpk_AAAA' });
    expect(verify).toThrow(TypeError);
  });
});

describe('secrets', () => {
  it('verifyStandard decodes a secret with the prefix whsec_ and takes any other as text', () => {
    for (const secret of ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])
      expect(verifyStandard('{}', signedHeaders(secret), { secret }).id).toBe('evt_1');
  });

  it.each([[''], ['whsec_'], [['', SECRET]], [[SECRET, undefined as never]]])(
    'verifyStandard throws a TypeError for the empty secret %j, with which anybody could sign',
    (secret) => {
      expect(() => verifyStandard('{}', signedHeaders(''), { secret })).toThrow(TypeError);
    },
  );
});
