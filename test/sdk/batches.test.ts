import { batchesOf } from '../../sdk/src/batches';

const MAX_BYTES = 7.5 * 1024 * 1024;
/** A value whose JSON takes `bytes` in a batch, including its comma. */
const ofBytes = (bytes: number, character = 'x') => {
  const width = Buffer.byteLength(character);
  return character.repeat(Math.floor((bytes - 3) / width)) + 'x'.repeat((bytes - 3) % width);
};
const sizes = (values: unknown[]) => batchesOf(values).map((batch) => batch.length);

it('batchesOf makes no batch of nothing', () => {
  expect(batchesOf([])).toEqual([]);
});

it('batchesOf puts at most 1000 values into a batch, in order', () => {
  const values = Array.from({ length: 2001 }, (_, index) => index);
  const batches = batchesOf(values);
  expect(batches.map((batch) => batch.length)).toEqual([1000, 1000, 1]);
  expect(batches.flat()).toEqual(values);
  expect(sizes(values.slice(0, 1000))).toEqual([1000]);
});

it.each(['x', 'ë'])('batchesOf puts at most 7.5 MiB into a batch, in bytes of UTF-8 (%s)', (character) => {
  const third = MAX_BYTES / 3;
  expect(sizes(Array(3).fill(ofBytes(third, character)))).toEqual([3]);
  expect(sizes([ofBytes(third, character), ofBytes(third, character), ofBytes(third + 1, character)])).toEqual([2, 1]);
});

it('batchesOf counts the bytes of each batch from zero', () => {
  expect(sizes(Array(6).fill(ofBytes(MAX_BYTES / 2)))).toEqual([2, 2, 2]);
});

it('batchesOf gives a value that is too large for any batch a batch of its own', () => {
  expect(sizes([1, ofBytes(MAX_BYTES + 1), 2, 3])).toEqual([1, 1, 2]);
});
