import { formatJson, parseJson } from '../../web/src/api/exact-json';

/** Numbers that JavaScript would write in another way, and texts that look like them. */
test.each([
  '12345678901234567890',
  '[1234567890123456]',
  '[9007199254740993,1]',
  '{"a":-9007199254740993}',
  '{"price":125.50}',
  '{"price":-125.50}',
  '[1e2]',
  '[1E+400]',
  '[-0]',
  '[0,-0.0]',
  '-0',
  '1.0',
  '{"deep":[{"er":[[1.10]]}]}',
  '{"at":"2026-11-29T10:00:00.123Z","id":"01J","count":12}',
  '{"text":"[1.50, -0]","escaped":"\\\\\\":1.50"}',
  '{"__proto__":{"a":1.50}}',
  '[]',
  'null',
])('%s is formatted as it was written', (text) => {
  expect(formatJson(parseJson(text))).toBe(text);
});

test('numbers with space before them are kept as well', () => {
  expect(formatJson(parseJson('{ "a" :\n\t1.50 , "b": [ 12345678901234567890 ] }'))).toBe(
    '{"a":1.50,"b":[12345678901234567890]}',
  );
});

test('what is not JSON is refused', () => {
  expect(() => parseJson('{"a":01.5}')).toThrow(SyntaxError);
});
