import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import {
  challengeResponse,
  equalInConstantTime,
  generateSecret,
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

describe('a generated secret', () => {
  it('is whsec_ and base64 of 32 bytes, new each time', () => {
    const secret = generateSecret();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(signingKey(secret)).toHaveLength(32);
    expect(generateSecret()).not.toBe(secret);
  });
});

describe('the signature of Standard Webhooks', () => {
  it('is that of the published example', () => {
    const message = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestampSeconds: 1_614_265_330,
      body: '{"test": 2432232314}',
    };
    expect(standardSignature(message, ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('is accepted by the stock library', () => {
    const secret = generateSecret();
    const timestampSeconds = now();
    const signature = standardSignature({ id: 'evt_1', timestampSeconds, body }, [secret]);
    expect(new Webhook(secret).verify(body, headers('evt_1', timestampSeconds, signature))).toEqual(JSON.parse(body));
  });

  it('is refused by the stock library where id, time, body or secret is another', () => {
    const secret = generateSecret();
    const timestampSeconds = now();
    const signature = standardSignature({ id: 'evt_1', timestampSeconds, body }, [secret]);
    const webhook = new Webhook(secret);
    expect(() => webhook.verify(body, headers('evt_2', timestampSeconds, signature))).toThrow();
    expect(() => webhook.verify(body, headers('evt_1', timestampSeconds + 1, signature))).toThrow();
    expect(() => webhook.verify(`${body} `, headers('evt_1', timestampSeconds, signature))).toThrow();
    expect(() => new Webhook(generateSecret()).verify(body, headers('evt_1', timestampSeconds, signature))).toThrow();
  });

  it('is made with both secrets during a rotation, newest first, and accepted with either', () => {
    const [newest, older] = [generateSecret(), generateSecret()];
    const timestampSeconds = now();
    const message = { id: 'evt_1', timestampSeconds, body };
    const signature = standardSignature(message, [newest, older]);
    expect(signature.split(' ')).toEqual([standardSignature(message, [newest]), standardSignature(message, [older])]);
    for (const secret of [newest, older]) {
      expect(new Webhook(secret).verify(body, headers('evt_1', timestampSeconds, signature))).toEqual(JSON.parse(body));
    }
  });

  it('takes a secret without the prefix as its UTF-8 text', () => {
    const secret = 'a secret of the customer: żółć';
    const timestampSeconds = now();
    const signature = standardSignature({ id: 'evt_1', timestampSeconds, body }, [secret]);
    const webhook = new Webhook(new TextEncoder().encode(secret), { format: 'raw' });
    expect(webhook.verify(body, headers('evt_1', timestampSeconds, signature))).toEqual(JSON.parse(body));
  });
});

describe('the answer to a challenge', () => {
  it('is sha256= and base64 of the HMAC of the token with the text of the secret', () => {
    // printf 'challenge' | openssl dgst -sha256 -hmac 'whsec_abc' -binary | base64
    expect(challengeResponse('whsec_abc', 'challenge')).toBe('sha256=p3PfWHtsRsYQH/Q/179K9bf8bgvMDxDLlyooxBIQvvg=');
  });

  it('takes a prefixed secret as text too, other than the signature', () => {
    const secret = generateSecret();
    const decoded = createHmac('sha256', signingKey(secret)).update('t').digest('base64');
    expect(challengeResponse(secret, 't')).not.toBe(`sha256=${decoded}`);
  });
});

describe('the comparison in constant time', () => {
  it.each([
    ['', '', true],
    ['sha256=abc', 'sha256=abc', true],
    ['żółć', 'żółć', true],
    ['sha256=abc', 'sha256=abd', false],
    ['sha256=abc', 'sha256=abcd', false],
    ['sha256=abc', '', false],
  ])('of %j and %j is %s', (left, right, equal) => expect(equalInConstantTime(left, right)).toBe(equal));
});
