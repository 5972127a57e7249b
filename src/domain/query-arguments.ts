import { ComposeError, type ArgumentType, type QueryArgument, type QueryStep } from './composing';
import { valueAt } from './json-text';

const DATA_SOURCE_PATH = /^\$data((?:\.[^.\s]+)+)$/;

/** The source of an argument's value. */
export type ArgumentSource = { kind: 'data'; path: string[] } | { kind: 'secret' } | { kind: 'literal' };

/** @returns `undefined` for a text that begins with `$` but is not a valid source */
export function argumentSource(from: QueryArgument['from']): ArgumentSource | undefined {
  if (typeof from !== 'string' || !from.startsWith('$')) return { kind: 'literal' };
  if (from === '$secret') return { kind: 'secret' };
  const path = DATA_SOURCE_PATH.exec(from)?.[1];
  return path === undefined ? undefined : { kind: 'data', path: path.slice(1).split('.') };
}

/** Valid texts per type, checked here because the errors of a database would contain the value. */
const SHAPES: Partial<Record<ArgumentType, RegExp>> = {
  int: /^[+-]?\d{1,18}$/,
  number: /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/,
  boolean: /^(true|false)$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
  timestamp: /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:?\d{2})?$/,
  uuid: /^\{?[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\}?$/,
};

/**
 * The text of an argument's value. Numbers keep the digits that the event has, whether
 * it contains a number or a string.
 *
 * @param data - JSON text of the event's data
 * @returns `null` if there is no value
 * @throws ComposeError if the value does not have the argument's type
 */
export function argumentValue(argument: QueryArgument, data: string, secret: () => string | null): string | null {
  const source = argumentSource(argument.from);
  if (source?.kind === 'secret') return secret();
  const json = source?.kind === 'data' ? valueAt(data, source.path) : JSON.stringify(argument.from);
  if (json === undefined || json === 'null') return null;
  if (argument.type === 'json') return json;
  const text = json.startsWith('"') ? (JSON.parse(json) as string) : json;
  const isStructure = json.startsWith('{') || json.startsWith('[');
  // Postgres rejects NUL in text.
  if (isStructure || text.includes('\u0000') || !(SHAPES[argument.type]?.test(text) ?? true))
    throw new ComposeError(`the argument ${argument.name} is not of type ${argument.type}`);
  return text;
}

interface ObjectSchema {
  properties?: Record<string, unknown>;
  additionalProperties?: unknown;
}
/** Keywords that can allow fields that `properties` does not list. */
const OPEN_KEYWORDS = [
  '$ref',
  '$dynamicRef',
  'allOf',
  'anyOf',
  'oneOf',
  'if',
  'dependentSchemas',
  'patternProperties',
] as const;

/**
 * Whether the data of an event type may have a field at a path. A schema that lists fields is taken
 * to list all of them, unless it says otherwise.
 */
export function mayHaveField(schema: unknown, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (name === undefined || typeof schema !== 'object' || schema === null) return true;
  const { properties, additionalProperties } = schema as ObjectSchema;
  if (properties && Object.hasOwn(properties, name)) return mayHaveField(properties[name], rest);
  const open = OPEN_KEYWORDS.some((keyword) => keyword in schema);
  return open || (additionalProperties === undefined ? properties === undefined : additionalProperties !== false);
}

/**
 * The distinct dotted paths of fields that the arguments of steps use and a schema does not have.
 */
export function missingFields(steps: readonly QueryStep[], schema: object | null): string[] {
  const sources = steps.flatMap((step) => step.arguments.map(({ from }) => argumentSource(from)));
  const missing = sources.flatMap((source) =>
    source?.kind === 'data' && !mayHaveField(schema, source.path) ? [source.path.join('.')] : [],
  );
  return [...new Set(missing)];
}
