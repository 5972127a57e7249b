import {
  answerChallenge,
  VerificationError,
  verifyEnvelope,
  verifyFlat,
  verifyTrigger,
} from '../../../sdk/src/receiver';
import { envelopeOf, NOW_SECONDS, tokenOf } from './sign';

const SECRET = 'shared secret of the receiver';

beforeEach(() => void jest.spyOn(Date, 'now').mockReturnValue(NOW_SECONDS * 1000));
afterEach(() => jest.restoreAllMocks());

describe('envelope', () => {
  const payload = { details: { messageType: 'paid.v1', amount: 1 }, messageId: 'evt_1', timestamp: 'T' };
  const body = envelopeOf(payload, SECRET);

  it('verifyEnvelope returns the payload', () => {
    expect(verifyEnvelope(body, SECRET)).toEqual(payload);
    expect(verifyEnvelope(Buffer.from(body), SECRET)).toEqual(payload);
  });

  it('verifyEnvelope ignores an unsigned payload beside the signed one', () => {
    const forged = { ...JSON.parse(body), payload: { details: { messageType: 'paid.v1', amount: 1_000_000 } } };
    expect(verifyEnvelope(JSON.stringify(forged), SECRET)).toEqual(payload);
  });

  it.each([
    ['signed with another secret', envelopeOf(payload, 'another secret')],
    ['whose signed text was changed', body.replace('\\"amount\\":1', '\\"amount\\":2')],
    ['without a signature', JSON.stringify({ payload, payloadAsString: JSON.stringify(payload) })],
    ['with an empty signature', JSON.stringify({ payload, payloadAsString: '{}', signature: '' })],
    ['without payloadAsString', JSON.stringify({ payload, signature: 'ab' })],
    ['that is not JSON', 'payload'],
    ['that is null', 'null'],
    ['that is a string', '"payload"'],
    ['that is empty', ''],
  ])('verifyEnvelope rejects a body %s', (_, given) => {
    expect(() => verifyEnvelope(given, SECRET)).toThrow(VerificationError);
  });
});

describe('trigger', () => {
  const claims = { webhook_id: 'sub_1', object_class: 'paid.v1', data: { event: {} }, exp: NOW_SECONDS + 15 };
  const verify = (token: string) => verifyTrigger(`Bearer ${token}`, SECRET);

  it('verifyTrigger returns the claims, whatever the case of Bearer', () => {
    const token = tokenOf(claims, SECRET);
    for (const scheme of ['Bearer', 'bearer', 'BEARER'])
      expect(verifyTrigger(`${scheme} ${token}`, SECRET)).toEqual(claims);
  });

  it('verifyTrigger accepts a token until it expires', () => {
    expect(verify(tokenOf({ ...claims, exp: NOW_SECONDS + 1 }, SECRET)).exp).toBe(NOW_SECONDS + 1);
  });

  it.each([
    ['that expires now', NOW_SECONDS],
    ['that expired a second ago', NOW_SECONDS - 1],
    ['that expired a day ago', NOW_SECONDS - 86_400],
    ['without an expiry', undefined],
    ['whose expiry is not a number', 'never'],
  ])('verifyTrigger rejects a token %s', (_, exp) => {
    expect(() => verify(tokenOf({ ...claims, exp }, SECRET))).toThrow(VerificationError);
  });

  const token = tokenOf(claims, SECRET);
  const [header, , signature] = token.split('.') as [string, string, string];
  const otherClaims = tokenOf({ ...claims, webhook_id: 'sub_2' }, SECRET).split('.')[1];
  it.each([
    ['a token signed with another secret', `Bearer ${tokenOf(claims, 'another secret')}`],
    ['changed claims', `Bearer ${header}.${otherClaims}.${signature}`],
    ['algorithm none', `Bearer ${tokenOf(claims, SECRET, { alg: 'none' })}`],
    ['algorithm HS512', `Bearer ${tokenOf(claims, SECRET, { alg: 'HS512' })}`],
    ['no algorithm', `Bearer ${tokenOf(claims, SECRET, {})}`],
    ['no signature', `Bearer ${token.split('.').slice(0, 2).join('.')}`],
    ['an empty signature', `Bearer ${token.split('.').slice(0, 2).join('.')}.`],
    ['a fourth part', `Bearer ${token}.x`],
    ['a header that is not JSON', `Bearer x.${token.split('.')[1]}.${signature}`],
    ['claims that are not an object', `Bearer ${tokenOf('claims', SECRET)}`],
    ['another scheme', `Basic ${token}`],
    ['no scheme', token],
    ['an empty header', ''],
    ['no header', undefined],
  ])('verifyTrigger rejects %s', (_, authorization) => {
    expect(() => verifyTrigger(authorization, SECRET)).toThrow(VerificationError);
  });
});

describe('flat', () => {
  it('verifyFlat returns the body without the secret', () => {
    const body = JSON.stringify({ paymentId: 'P-1', amount: 1, secret: SECRET });
    expect(verifyFlat(body, SECRET)).toEqual({ paymentId: 'P-1', amount: 1 });
    expect(verifyFlat(Buffer.from(body), SECRET)).toEqual({ paymentId: 'P-1', amount: 1 });
  });

  it.each([
    ['with another secret', { secret: 'another secret' }],
    ['with the beginning of the secret', { secret: SECRET.slice(0, -1) }],
    ['with an empty secret', { secret: '' }],
    ['without a secret', { paymentId: 'P-1' }],
    ['whose secret is not a string', { secret: [SECRET] }],
    ['that is not an object', SECRET],
  ])('verifyFlat rejects a body %s', (_, body) => {
    expect(() => verifyFlat(JSON.stringify(body), SECRET)).toThrow(VerificationError);
  });
});

describe('challenge', () => {
  it('answerChallenge follows the account-activity scheme', () => {
    // From `printf token | openssl dgst -sha256 -hmac secret -binary | base64`.
    expect(answerChallenge('token', 'secret')).toEqual({
      response_token: 'sha256=6UERDj0r/oJiHw4+FDRzDXMF0QbF9oyHFl0LJ6RhGko=',
    });
  });

  it('answerChallenge uses a generated secret as text, with its prefix', () => {
    // From `printf token | openssl dgst -sha256 -hmac whsec_AAAA -binary | base64`.
    expect(answerChallenge('token', 'whsec_AAAA')).toEqual({
      response_token: 'sha256=3mIb752Mpb6DP6SbOLxN2Sa/hU3GrljJJtB/3I1SIx8=',
    });
  });

  it.each(['a', 'A-z_0-9', 'x'.repeat(200)])('answerChallenge accepts the token %s', (token) => {
    expect(answerChallenge(token, SECRET).response_token).toMatch(/^sha256=/);
  });

  it.each([
    'msg_1.1700000000.{"amount":1}',
    '{"amount":1}',
    'eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9',
    '',
    'x'.repeat(201),
    'a\n',
    'a b',
  ])("answerChallenge does not sign text of the caller's choice: %j", (chosen) => {
    expect(() => answerChallenge(chosen, SECRET)).toThrow(VerificationError);
  });
});

it.each([[''], [undefined as never]])(
  'no helper accepts the empty secret %j, with which anybody could sign',
  (secret) => {
    const claims = { exp: NOW_SECONDS + 15 };
    for (const verify of [
      () => verifyEnvelope(envelopeOf({}, ''), secret),
      () => verifyTrigger(`Bearer ${tokenOf(claims, '')}`, secret),
      () => verifyFlat('{"secret":""}', secret),
      () => answerChallenge('token', secret),
    ])
      expect(verify).toThrow(TypeError);
  },
);
