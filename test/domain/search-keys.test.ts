import { SEARCH_KEY, searchItems, searchTerms } from '../../src/domain/search-keys';

const ORDER = JSON.stringify({
  id: 'Obj_101314',
  total: { id: 5, amount: 'EUR 3' },
  lines: [{ sku: 'A-1' }, { sku: 'B-2' }, 'none'],
  tags: ['red', 7],
  'order-id': ' X ',
});

it.each([
  ['$.id', ['obj_101314']],
  ['$.total.id', ['5']],
  ['$.lines[*].sku', ['a-1', 'b-2']],
  ['$.lines.sku', ['a-1', 'b-2']],
  ['$.lines[1].sku', ['b-2']],
  ['$.tags', ['red', '7']],
  ['$."order-id"', ['x']],
  ['$.total', []],
  ['$.absent.id', []],
  ['$.constructor', []],
])('a search key %s finds the texts and numbers at it', (key, expected) => {
  expect(key).toMatch(SEARCH_KEY);
  const bare = (searchItems([key], ORDER) ?? []).filter((item) => item.startsWith(':'));
  expect(bare).toEqual(expected.map((value) => `:${value}`));
});

it.each(['id', '$', '$.**.id', '$.lines[*] ? (@.sku == "A")', '$.a.b()', '$.a[1 to 3]', '$.*', '$."a:b"'])(
  'a search key cannot be %s',
  (key) => expect(key).not.toMatch(SEARCH_KEY),
);

it('search items keep numbers as they were written', () => {
  expect(searchItems(['$.ref', '$.amount'], '{"ref":12345678901234567890,"amount":125.50}')).toEqual([
    ':12345678901234567890',
    'ref:12345678901234567890',
    ':125.50',
    'amount:125.50',
  ]);
});

it('search items leave out what Postgres cannot store', () => {
  expect(searchItems(['$.id', '$.ref'], JSON.stringify({ id: 'a\u0000', ref: 'b' }))).toEqual([':b', 'ref:b']);
});

it('search items are at most 20 values of an event, each at most 200 characters', () => {
  const lines = Array.from({ length: 30 }, (_, index) => ({ sku: `S-${index}` }));
  expect(searchItems(['$.lines[*].sku'], JSON.stringify({ lines }))).toHaveLength(40);
  expect(searchItems(['$.id'], JSON.stringify({ id: 'x'.repeat(201) }))).toBeUndefined();
});

it.each([
  ['OBJ_1', [':obj_1']],
  ['total.id: 5', [':total.id: 5', 'total.id:5']],
  ['$.lines[*].sku:A-1', [':$.lines[*].sku:a-1', 'lines.sku:a-1']],
  ['lines[].sku:a:b', [':lines[].sku:a:b', 'lines.sku:a:b']],
  [':x', ['::x']],
])('a search for %s compares values and paths with values', (text, expected) => {
  expect(searchTerms(text)).toEqual(expected);
});

it.each([
  ['$."order-id"', 'order-id:x'],
  ['$.lines[*].sku', 'lines[*].sku:A-1'],
  ['$.total.id', '$.total.id:5'],
])('a path of %s in a search is the path of the key', (key, text) => {
  const items = searchItems([key], ORDER)!;
  expect(searchTerms(text).some((term) => items.includes(term))).toBe(true);
});
