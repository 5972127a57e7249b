import crypto from 'node:crypto';
import { generateSecret, generateSigningKey, standardSignature } from '../../src/domain/signing';
import { verifySignature } from '../../src/domain/verify-signature';

const NOW_MS = 1_800_000_000_000;
const TIMESTAMP = NOW_MS / 1000;
const secrets = [generateSecret(), generateSecret()];
const privateKeys = [generateSigningKey(), generateSigningKey()];
const signers = [
  { name: 'another', secrets: [generateSecret()], privateKeys: [] },
  { name: 'main', secrets, privateKeys },
];
const check = (signature: string, body = '{"a":1}') =>
  verifySignature({ id: 'evt_1', timestamp: String(TIMESTAMP), signature, body: Buffer.from(body) }, signers, NOW_MS);
const signed = (ofSecrets: string[], ofKeys: string[] = []) =>
  standardSignature({ id: 'evt_1', timestampSeconds: TIMESTAMP, body: '{"a":1}' }, ofSecrets, ofKeys);

afterEach(() => jest.restoreAllMocks());

it.each([
  ['current secret', signed([secrets[0]!])],
  ['previous secret', signed([secrets[1]!])],
  ['current key pair', signed([], [privateKeys[0]!])],
  ['previous key pair', signed([], [privateKeys[1]!])],
])('verifies a signature with the %s, also among others', (what, signature) => {
  const detail = `Signed with the ${what} of main.`;
  expect(check(signature)).toEqual({ status: 'verified', detail, signer: 1 });
  expect(check(`v1,AAAA v9,x ${signature}`)).toMatchObject({ status: 'verified', detail });
  expect(check(signature, '{"a":2}')).toMatchObject({ status: 'failed' });
});

it('does not take a key pair of another subscription for one of these', () => {
  expect(check(signed([], [generateSigningKey()]))).toMatchObject({ status: 'failed' });
});

/** The sizes of what is hashed with secrets from now on. */
function hashedBytes(): number[] {
  const hashed: number[] = [];
  const { createHmac } = crypto;
  jest.spyOn(crypto, 'createHmac').mockImplementation((...args) => {
    const hmac = createHmac(...args);
    const update = hmac.update.bind(hmac) as (data: string | Buffer) => crypto.Hmac;
    hmac.update = (data: unknown) => (hashed.push((data as Buffer).length), update(data as Buffer));
    return hmac;
  });
  return hashed;
}

it('hashes the body once for each secret, however many signatures a request has', () => {
  const hashed = hashedBytes();
  const body = 'x'.repeat(100_000);
  const fitting = `v1,${'A'.repeat(43)}=`;
  expect(check(Array.from({ length: 300 }, () => fitting).join(' '), body)).toMatchObject({ status: 'failed' });
  expect(hashed.filter((bytes) => bytes >= body.length)).toHaveLength(3);
});

it('hashes no more once a secret fits, and makes no signature of a kind that was not sent', () => {
  const first = standardSignature({ id: 'evt_1', timestampSeconds: TIMESTAMP, body: '{"a":1}' }, signers[0]!.secrets);
  const ofKeys = signed([], [privateKeys[0]!]);
  const hashed = hashedBytes();
  const ofContent = () => hashed.filter((bytes) => bytes === `evt_1.${TIMESTAMP}.{"a":1}`.length);
  const sign = jest.spyOn(crypto, 'sign');
  expect(check(first)).toMatchObject({ status: 'verified', signer: 0 });
  expect(ofContent()).toHaveLength(1);
  expect(sign).not.toHaveBeenCalled();
  expect(check(ofKeys)).toMatchObject({ status: 'verified', signer: 1 });
  expect(ofContent()).toHaveLength(1);
});
