import { expiredAt, isAll, isNone } from '../../src/domain/retention';

const OVERRIDES = [
  { productId: 'short', days: 7 },
  { productId: 'long', days: 365 },
];

it.each([
  [6, { but: false, products: [] }],
  [7, { but: false, products: ['short'] }],
  [29, { but: false, products: ['short'] }],
  [30, { but: true, products: ['long'] }],
  [364, { but: true, products: ['long'] }],
  [365, { but: true, products: [] }],
])('expires rows of %i days for the products whose days are over', (ageDays, expected) => {
  expect(expiredAt(ageDays, 30, OVERRIDES)).toEqual(expected);
});

it('knows when the rows of no product, and when those of every product have expired', () => {
  expect([6, 7, 30, 365].map((age) => isNone(expiredAt(age, 30, OVERRIDES)))).toEqual([true, false, false, false]);
  expect([6, 7, 30, 365].map((age) => isAll(expiredAt(age, 30, OVERRIDES)))).toEqual([false, false, false, true]);
});
