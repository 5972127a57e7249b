import { equal } from '../../../sdk/src/receiver/compare';

it('equal accepts the same text only', () => {
  expect(equal('signature', 'signature')).toBe(true);
  expect(equal('', '')).toBe(true);
  const others = Array.from({ length: 5000 }, (_, index) => `signature${index}`);
  expect(others.filter((other) => equal('signature', other))).toEqual([]);
});

it('equal compares texts of different lengths', () => {
  for (const other of ['', 'signatur', 'signature ', 'Signature']) expect(equal('signature', other)).toBe(false);
});
