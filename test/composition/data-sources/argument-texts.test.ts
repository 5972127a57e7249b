import { argumentTexts } from '../../../src/composition/data-sources/argument-texts';
import { ComposeError, type ArgumentType } from '../../../src/domain/composing';

const textOf = (value: string | null, type: ArgumentType) =>
  argumentTexts({ text: '', parameters: [{ name: 'a', type }] }, [value], { whole: 6, fraction: 4, zone: 'Z' })[0];

it.each<[string | null, ArgumentType, string | null]>([
  [null, 'date', null],
  ["it's", 'string', "it's"],
  ['[1.50]', 'json', '[1.50]'],
  ['+5', 'int', '5'],
  ['-012', 'int', '-012'],
  ['true', 'boolean', '1'],
  ['false', 'boolean', '0'],
  ['125.50', 'number', '125.5'],
  ['-0.25', 'number', '-0.25'],
  ['+.5', 'number', '0.5'],
  ['5.', 'number', '5'],
  ['1.25e2', 'number', '125'],
  ['1.25E+4', 'number', '12500'],
  ['125e-4', 'number', '0.0125'],
  ['1.5e-3', 'number', '0.0015'],
  ['000000001', 'number', '1'],
  ['2026-02-28', 'date', '2026-02-28'],
  ['2026-01-31T12:00:00Z', 'timestamp', '2026-01-31 12:00:00Z'],
  ['2026-01-31t12:00:00.123456789+02:00', 'timestamp', '2026-01-31 10:00:00.1234567Z'],
  ['2026-01-01 00:30+0130', 'timestamp', '2025-12-31 23:00:00Z'],
  ['2026-01-31T22:00:00-02:30', 'timestamp', '2026-02-01 00:30:00Z'],
  ['2026-01-31T12:00:00', 'timestamp', '2026-01-31 12:00:00Z'],
  ['{803425342508-4CAB-A090-C25BF1DDF923}', 'uuid', '80342534-2508-4cab-a090-c25bf1ddf923'],
])('writes %j as %s as %j', (value, type, expected) => {
  expect(textOf(value, type)).toBe(expected);
});

it.each<[string, ArgumentType, string]>([
  ['1234567', 'number', 'the argument a has too many digits for its data source'],
  ['1e6', 'number', 'the argument a has too many digits for its data source'],
  ['0.12345', 'number', 'the argument a has too many digits for its data source'],
  ['1e-999', 'number', 'the argument a has too many digits for its data source'],
  ['2026-02-30', 'date', 'the argument a is not of type date'],
  ['2026-13-01', 'date', 'the argument a is not of type date'],
  ['2026-02-30T12:00:00Z', 'timestamp', 'the argument a is not of type timestamp'],
  ['2026-01-31T25:00:00Z', 'timestamp', 'the argument a is not of type timestamp'],
  ['2026-01-31T12:00:00+99:00', 'timestamp', 'the argument a is not of type timestamp'],
  ['0000-01-01T00:00:00+01:00', 'timestamp', 'the argument a is not of type timestamp'],
])('refuses %j as %s, which a database could read as null or round', (value, type, message) => {
  expect(() => textOf(value, type)).toThrow(new ComposeError(message));
});
