import { withMember } from '../../src/domain/json-text';

it('withMember adds a member before or after the others and keeps their text', () => {
  const object = ' { "b" : 1.50, "a": [ 12345678901234567890 ] } ';
  expect(withMember(object, 'c', 'true', 'first')).toBe('{"c":true,"b" : 1.50, "a": [ 12345678901234567890 ]}');
  expect(withMember(object, 'c', 'true', 'last')).toBe('{"b" : 1.50, "a": [ 12345678901234567890 ],"c":true}');
});

it('withMember adds a member to an empty object', () => {
  expect(withMember('{ }', 'c', '1', 'first')).toBe('{"c":1}');
  expect(withMember('{"c":0}', 'c', '1', 'last')).toBe('{"c":1}');
});

it.each([
  ['{"c":0,"b":1.50,"7":12345678901234567890}', '{"b":1.50,"7":12345678901234567890,"c":1}'],
  ['{"b":{"c":[1,{"c":2}]},"c":{"d":[",",{}]},"e":"c"}', '{"b":{"c":[1,{"c":2}]},"e":"c","c":1}'],
  ['{"c":0,"a\\"c":"}\\\\","b":"{[,\\\\\\"","c":[0]}', '{"a\\"c":"}\\\\","b":"{[,\\\\\\"","c":1}'],
  ['{"\\u0063":0,"b":[],"d":-1e3}', '{"b":[],"d":-1e3,"c":1}'],
  ['{"c":"line\\nbreak\u2028","b":"\u2028"}', '{"b":"\u2028","c":1}'],
])('withMember replaces a member of the same name: %s', (object, expected) => {
  expect(withMember(object, 'c', '1', 'last')).toBe(expected);
});
