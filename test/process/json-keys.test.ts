import { misreadsKeys } from '../../src/process/json-keys';

it('recognizes a Node that reads a key as an earlier one with a backslash', () => {
  const affected = (text: string) => JSON.parse(text.replace('\\"', '\\\\')) as unknown;
  expect(misreadsKeys(affected)).toBe(true);
  expect(misreadsKeys((text) => JSON.parse(text) as unknown)).toBe(misreadsKeys());
});
