import { sample } from 'openapi-sampler';

/** A larger generated sample would make lists of event types slow. */
export const MAX_SAMPLE_BYTES = 64 * 1024;
/** More than the sampler writes for a number, a boolean, or a string with a format. */
const SCALAR_BYTES = 64;
/** The sampler shows additional properties with two of them. */
const ADDITIONAL_PROPERTIES = 2;

type Json = Record<string, unknown>;

/**
 * @returns a value from the examples, defaults and types of a schema, or undefined if there is none
 *   of at most 64 KiB
 */
export function generateSample(schema: object): unknown {
  if (maxBytes([schema as Json]) > MAX_SAMPLE_BYTES) return undefined;
  try {
    // A copy, because the sampler merges schemas in place.
    const value: unknown = sample(structuredClone(schema) as Parameters<typeof sample>[0], { quiet: true });
    return value !== undefined && JSON.stringify(value).length <= MAX_SAMPLE_BYTES ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Bounds the size of the sample before it is generated. It follows the rules of the sampler.
 *
 * @param schemas - those that apply to the same value
 * @returns an upper bound, or Infinity once it exceeds the limit
 */
function maxBytes(schemas: readonly Json[]): number {
  const merged = inPlace(schemas);
  if (merged.length === 0) return SCALAR_BYTES;
  let bytes = 0;
  const add = (more: number) => (bytes = bytes + more > MAX_SAMPLE_BYTES ? Infinity : bytes + more);

  for (const schema of merged) add(SCALAR_BYTES + literalBytes(schema) + numberOf(schema.minLength));

  const items = merged.flatMap(({ prefixItems, items, contains }) => [prefixItems, items, contains]);
  const lengths = merged.map(({ minItems }) => numberOf(minItems));
  for (const tuple of items.filter(Array.isArray)) for (const item of tuple) add(maxBytes(objects([item])));
  const single = objects(items);
  if (single.length > 0) add(Math.max(1, ...lengths) * maxBytes(single));

  for (const [name, property] of propertiesOf(merged)) {
    add(name.length + maxBytes(property));
    if (bytes === Infinity) return bytes;
  }
  const additional = objects(merged.map(({ additionalProperties }) => additionalProperties));
  if (additional.length > 0) add(ADDITIONAL_PROPERTIES * maxBytes(additional));
  return bytes;
}

/** The schemas that the sampler merges for one value. */
function inPlace(schemas: readonly Json[]): Json[] {
  return schemas.flatMap((schema) => {
    const { allOf, oneOf, anyOf, if: condition, then } = schema;
    const more = [...list(allOf), ...list(oneOf).slice(0, 1), ...list(anyOf).slice(0, 1), condition, then];
    return [schema, ...inPlace(objects(more))];
  });
}

function propertiesOf(schemas: readonly Json[]): Map<string, Json[]> {
  const properties = new Map<string, Json[]>();
  for (const own of objects(schemas.map((schema) => schema.properties))) {
    for (const [name, property] of Object.entries(own)) {
      properties.set(name, [...(properties.get(name) ?? []), ...objects([property])]);
    }
  }
  return properties;
}

/** The size of the values from which the sampler takes one. */
function literalBytes({ example, examples, default: fallback, const: constant, enum: values }: Json): number {
  const literals = [example, list(examples)[0], fallback, constant, list(values)[0]];
  return literals.reduce<number>((sum, value) => sum + (value === undefined ? 0 : JSON.stringify(value).length), 0);
}

function objects(values: readonly unknown[]): Json[] {
  return values.filter((value): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value));
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0;
}
