import crypto from 'node:crypto';
import { verifyEnvelope, verifyFlat, verifyStandard, verifyTrigger } from '../../../sdk/src/receiver';
import { equal } from '../../../sdk/src/receiver/compare';
import { envelopeOf, signedHeaders, tokenOf } from './sign';

const SECRET = 'shared secret of the receiver';
const now = () => Math.floor(Date.now() / 1000);

afterEach(() => jest.restoreAllMocks());

it('equal accepts the same text only', () => {
  expect(equal('signature', 'signature')).toBe(true);
  expect(equal('', '')).toBe(true);
  const others = Array.from({ length: 5000 }, (_, index) => `signature${index}`);
  expect(others.filter((other) => equal('signature', other))).toEqual([]);
});

it('equal compares texts of different lengths', () => {
  for (const other of ['', 'signatur', 'signature ', 'Signature']) expect(equal('signature', other)).toBe(false);
});

it('equal compares hashes of one length in constant time', () => {
  const compare = jest.spyOn(crypto, 'timingSafeEqual');
  for (const other of ['signature', 'signaturf', 's', '']) equal('signature', other);
  expect(compare.mock.calls.map(([a, b]) => [a.byteLength, b.byteLength])).toEqual(Array(4).fill([32, 32]));
});

it.each<[string, () => unknown]>([
  [
    'verifyStandard',
    () => verifyStandard('{}', signedHeaders('another secret', { timestamp: now() }), { secret: SECRET }),
  ],
  ['verifyEnvelope', () => verifyEnvelope(envelopeOf({}, 'another secret'), SECRET)],
  ['verifyTrigger', () => verifyTrigger(`Bearer ${tokenOf({ exp: now() + 60 }, 'another secret')}`, SECRET)],
  ['verifyFlat', () => verifyFlat('{"secret":"another secret"}', SECRET)],
])('%s compares in constant time, so that its time does not reveal the secret', (_name, verify) => {
  const compare = jest.spyOn(crypto, 'timingSafeEqual');
  expect(verify).toThrow();
  expect(compare).toHaveBeenCalledTimes(1);
});
