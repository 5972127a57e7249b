import { mayUse, productOfWrite } from '../../../src/api/auth/own-products';

/** What a credential that is limited to products may use and write to. */
const ADMIN = { productId: null };
const CARDS = { productId: 'cards' };
const BANK = { productId: null, segment: { name: 'bank', productIds: ['cards', 'loans'] } };

it.each([
  ['an admin', ADMIN, ['cards', 'loans', 'ships', null]],
  ['a product', CARDS, ['cards']],
  ['a segment', BANK, ['cards', 'loans']],
])('%s may use only its products, and only an admin what belongs to all', (_, owner, expected) => {
  expect(['cards', 'loans', 'ships', null].filter((productId) => mayUse(owner, productId))).toEqual(expected);
});

it.each([
  ['an admin for any product', ADMIN, 'ships', 'ships'],
  ['an admin for all products', ADMIN, undefined, null],
  ['a product for itself', CARDS, 'cards', 'cards'],
  ['a product that names none, for itself', CARDS, undefined, 'cards'],
  ['a product that names null, for itself', CARDS, null, 'cards'],
  ['a segment for one of its products', BANK, 'loans', 'loans'],
])('a request of %s is written', (_, owner, given, expected) => {
  expect(productOfWrite(owner, given, '/productId')).toBe(expected);
});

it.each([
  ['a product for another one', CARDS, 'loans', 'unknown-product'],
  ['a segment for a product of others', BANK, 'ships', 'unknown-product'],
  ['a segment that names none', BANK, undefined, 'validation-failed'],
  ['a segment that names null', BANK, null, 'validation-failed'],
])('a request of %s is refused with a pointer', (_, owner, given, code) => {
  const write = () => productOfWrite(owner, given, '/productId');
  expect(write).toThrow(expect.objectContaining({ code }));
  expect(write).toThrow(
    expect.objectContaining({
      options: expect.objectContaining({ errors: [expect.objectContaining({ path: '/productId' })] }),
    }),
  );
});
