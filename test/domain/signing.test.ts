import { createHmac, createPublicKey, verify } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import {
  challengeResponse,
  equalInConstantTime,
  generateSecret,
  generateSigningKey,
  publicKeyOf,
  signingKey,
  standardSignature,
} from '../../src/domain/signing';

const body = '{"type":"payment.confirmed.v1","data":{"name":"Żółć 😀","amount":125.50}}';
const now = () => Math.floor(Date.now() / 1000);
const headers = (id: string, timestampSeconds: number, signature: string) => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestampSeconds),
  'webhook-signature': signature,
});

describe('generated secrets', () => {
  it('generates a new secret of 32 bytes each time, as whsec_ and base64', () => {
    const secret = generateSecret();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(signingKey(secret)).toHaveLength(32);
    expect(generateSecret()).not.toBe(secret);
  });
});

describe('signatures of Standard Webhooks', () => {
  it('signs the published example as published', () => {
    const message = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestampSeconds: 1_614_265_330,
      body: '{"test": 2432232314}',
    };
    expect(standardSignature(message, ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('signs a message so that the stock library accepts it', () => {
    const secret = generateSecret();
    const timestampSeconds = now();
    const signature = standardSignature({ id: 'evt_1', timestampSeconds, body }, [secret]);
    expect(new Webhook(secret).verify(body, headers('evt_1', timestampSeconds, signature))).toEqual(JSON.parse(body));
  });

  it('the stock library refuses a signature for a different id, time, body or secret', () => {
    const secret = generateSecret();
    const timestampSeconds = now();
    const signature = standardSignature({ id: 'evt_1', timestampSeconds, body }, [secret]);
    const webhook = new Webhook(secret);
    expect(() => webhook.verify(body, headers('evt_2', timestampSeconds, signature))).toThrow();
    expect(() => webhook.verify(body, headers('evt_1', timestampSeconds + 1, signature))).toThrow();
    expect(() => webhook.verify(`${body} `, headers('evt_1', timestampSeconds, signature))).toThrow();
    expect(() => new Webhook(generateSecret()).verify(body, headers('evt_1', timestampSeconds, signature))).toThrow();
  });

  it('signs with both secrets during a rotation, newest first, and either one verifies', () => {
    const [newest, older] = [generateSecret(), generateSecret()];
    const timestampSeconds = now();
    const message = { id: 'evt_1', timestampSeconds, body };
    const signature = standardSignature(message, [newest, older]);
    expect(signature.split(' ')).toEqual([standardSignature(message, [newest]), standardSignature(message, [older])]);
    for (const secret of [newest, older]) {
      expect(new Webhook(secret).verify(body, headers('evt_1', timestampSeconds, signature))).toEqual(JSON.parse(body));
    }
  });

  it('uses a secret without prefix as its UTF-8 text', () => {
    const secret = 'a secret of the customer: żółć';
    const timestampSeconds = now();
    const signature = standardSignature({ id: 'evt_1', timestampSeconds, body }, [secret]);
    const webhook = new Webhook(new TextEncoder().encode(secret), { format: 'raw' });
    expect(webhook.verify(body, headers('evt_1', timestampSeconds, signature))).toEqual(JSON.parse(body));
  });
});

describe('challenge responses', () => {
  it('answers a challenge with sha256= and the HMAC of the token in base64', () => {
    // printf 'challenge' | openssl dgst -sha256 -hmac 'whsec_abc' -binary | base64
    expect(challengeResponse('whsec_abc', 'challenge')).toBe('sha256=p3PfWHtsRsYQH/Q/179K9bf8bgvMDxDLlyooxBIQvvg=');
  });

  it('uses the text of a prefixed secret for a challenge, unlike for a signature', () => {
    const secret = generateSecret();
    const decoded = createHmac('sha256', signingKey(secret)).update('t').digest('base64');
    expect(challengeResponse(secret, 't')).not.toBe(`sha256=${decoded}`);
  });
});

describe('comparison in constant time', () => {
  it.each([
    ['', '', true],
    ['sha256=abc', 'sha256=abc', true],
    ['żółć', 'żółć', true],
    ['sha256=abc', 'sha256=abd', false],
    ['sha256=abc', 'sha256=abcd', false],
    ['sha256=abc', '', false],
  ])('compares %j and %j in constant time: %s', (left, right, equal) =>
    expect(equalInConstantTime(left, right)).toBe(equal),
  );
});

describe('ed25519 signing keys', () => {
  /** Verifies with the public key alone, as a receiver does. */
  const isSigned = (publicKey: string, content: string, signature: string) => {
    const x = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, Buffer.from(content), key, Buffer.from(signature.slice('v1a,'.length), 'base64'));
  };

  it('generates a new key pair each time, as whsk_ with 64 bytes and whpk_ with 32', () => {
    const key = generateSigningKey();
    expect(key).toMatch(/^whsk_[A-Za-z0-9+/]{86}==$/);
    expect(publicKeyOf(key)).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
    expect(generateSigningKey()).not.toBe(key);
  });

  it('appends ed25519 signatures after those of the secrets, newest first', () => {
    const secrets = [generateSecret(), generateSecret()];
    const keys = [generateSigningKey(), generateSigningKey()];
    const message = { id: 'evt_1', timestampSeconds: now(), body };
    const signatures = standardSignature(message, secrets, keys).split(' ');
    expect(signatures.slice(0, 2).join(' ')).toBe(standardSignature(message, secrets));
    const content = `evt_1.${message.timestampSeconds}.${body}`;
    for (const [index, key] of keys.entries()) {
      expect(isSigned(publicKeyOf(key), content, signatures[2 + index]!)).toBe(true);
      expect(isSigned(publicKeyOf(key), `${content} `, signatures[2 + index]!)).toBe(false);
      expect(isSigned(publicKeyOf(key), content, signatures[3 - index]!)).toBe(false);
    }
  });

  it('the stock library accepts a message that also has an ed25519 signature', () => {
    const secret = generateSecret();
    const timestampSeconds = now();
    const signature = standardSignature({ id: 'evt_1', timestampSeconds, body }, [secret], [generateSigningKey()]);
    expect(new Webhook(secret).verify(body, headers('evt_1', timestampSeconds, signature))).toEqual(JSON.parse(body));
  });

  it('signs with ed25519 as in RFC 8032, section 7.1, test 1', () => {
    const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
    const publicHalf = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
    const key = `whsk_${Buffer.from(seed + publicHalf, 'hex').toString('base64')}`;
    expect(publicKeyOf(key)).toBe(`whpk_${Buffer.from(publicHalf, 'hex').toString('base64')}`);
    const signature = standardSignature({ id: 'a', timestampSeconds: 1, body: '' }, [], [key]);
    expect(isSigned(publicKeyOf(key), 'a.1.', signature)).toBe(true);
  });
});
