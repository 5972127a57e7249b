import { misreadsKeys } from '../../src/process/json-keys';

it('recognizes a Node that reads a key as an earlier one with a backslash', () => {
  expect(misreadsKeys(() => ({ signpost: 0, '\\': 1 }))).toBe(true);
  expect(misreadsKeys((text) => JSON.parse(text) as unknown)).toBe(misreadsKeys());
});
