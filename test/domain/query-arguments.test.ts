import { ComposeError, type ArgumentType, type QueryArgument } from '../../src/domain/composing';
import { argumentSource, argumentValue, mayHaveField } from '../../src/domain/query-arguments';

const DATA =
  ' {"id":"18142","big":12345678901234567890123,"amount":125.50,"ok":true,"none":null,"who":{"name":"A \\"B\\"","ids":[1, 2]},"a.b":1,"nul":"x\\u0000","x":1,"x":2}';
const value = (from: QueryArgument['from'], type: ArgumentType = 'string') =>
  argumentValue({ name: 'a', type, from }, DATA, () => 'mySecret');

it.each<[QueryArgument['from'], ArgumentType, string | null]>([
  ['$data.id', 'int', '18142'],
  ['$data.big', 'number', '12345678901234567890123'],
  ['$data.amount', 'number', '125.50'],
  ['$data.amount', 'string', '125.50'],
  ['$data.ok', 'boolean', 'true'],
  ['$data.none', 'string', null],
  ['$data.nosuch', 'int', null],
  ['$data.who.name', 'string', 'A "B"'],
  ['$data.who.nosuch.deeper', 'string', null],
  ['$data.id.deeper', 'string', null],
  ['$data.who', 'json', '{"name":"A \\"B\\"","ids":[1, 2]}'],
  ['$data.who.ids', 'json', '[1, 2]'],
  ['$data.x', 'int', '2'],
  ['$secret', 'string', 'mySecret'],
  ['PAID', 'string', 'PAID'],
  [7, 'int', '7'],
  [false, 'boolean', 'false'],
  [null, 'date', null],
  ['2026-01-31', 'date', '2026-01-31'],
  ['2026-01-31T12:00:00.5Z', 'timestamp', '2026-01-31T12:00:00.5Z'],
  ['80342534-2508-4CAB-A090-C25BF1DDF923', 'uuid', '80342534-2508-4CAB-A090-C25BF1DDF923'],
])('reads the argument %j as %s: %j', (from, type, expected) => {
  expect(value(from, type)).toBe(expected);
});

it.each<[QueryArgument['from'], ArgumentType]>([
  ['$data.amount', 'int'],
  ['$data.big', 'int'],
  ['$data.who', 'string'],
  ['$data.who.ids', 'int'],
  ['$data.who.name', 'uuid'],
  ['$data.id', 'boolean'],
  ['$data.id', 'date'],
  ['$data.nul', 'string'],
  ['Infinity', 'number'],
])('refuses %j as %s without showing the value', (from, type) => {
  expect(() => value(from, type)).toThrow(new ComposeError(`the argument a is not of type ${type}`));
});

it.each(['$', '$data', '$data.', '$data..x', '$data.x.', '$secret.x', '$dataX', '$event.id'])(
  'does not accept %j as the source of an argument',
  (from) => expect(argumentSource(from)).toBeUndefined(),
);

describe('fields of an event type', () => {
  const closed = {
    properties: { id: { type: 'string' }, who: { properties: { name: {} }, additionalProperties: false } },
  };
  it.each<[object | null, string[], boolean]>([
    [closed, ['id'], true],
    [closed, ['nosuch'], false],
    [closed, ['toString'], false],
    [closed, ['who', 'name'], true],
    [closed, ['who', 'nosuch'], false],
    [closed, ['id', 'deeper'], true],
    [{ ...closed, additionalProperties: true }, ['nosuch'], true],
    [{ ...closed, patternProperties: {} }, ['nosuch'], true],
    [{ ...closed, allOf: [{}] }, ['nosuch'], true],
    [{ additionalProperties: false }, ['any'], false],
    [{ type: 'object' }, ['any'], true],
    [null, ['any'], true],
  ])('reports if data by the schema %j may have the field %j: %s', (schema, path, expected) => {
    expect(mayHaveField(schema, path)).toBe(expected);
  });
});
