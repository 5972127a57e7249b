import { Ajv, type ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { sample } from 'openapi-sampler';
import { Problem, type FieldError } from '../../domain/problems';

const MAX_SCHEMA_BYTES = 64 * 1024;
/** Limits the work of a validator, which a long pattern can make hang. */
const MAX_PATTERN_LENGTH = 500;
const MAX_ERRORS = 20;

/**
 * Compiles the JSON Schema of an event type: draft 2020-12, or draft 07 if `$schema` names it.
 * References to other documents are refused.
 *
 * @returns a function that lists the errors of a value, each with a JSON Pointer into it
 * @throws Problem invalid-schema
 */
export function compileSchema(schema: object): (data: unknown) => FieldError[] {
  const text = JSON.stringify(schema);
  if (Buffer.byteLength(text) > MAX_SCHEMA_BYTES) throw invalid(`it is larger than ${MAX_SCHEMA_BYTES / 1024} KiB`);
  if (longestPattern(schema) > MAX_PATTERN_LENGTH)
    throw invalid(`a pattern is longer than ${MAX_PATTERN_LENGTH} characters`);
  const draft07 = String((schema as { $schema?: unknown }).$schema ?? '').includes('draft-07');
  const ajv = new (draft07 ? Ajv : Ajv2020)({ strict: false, allErrors: true, validateFormats: true });
  addFormats(ajv as Ajv);
  let validate: ReturnType<Ajv['compile']>;
  try {
    validate = ajv.compile(schema);
  } catch (error) {
    throw invalid((error as Error).message);
  }
  if ('$async' in schema) throw invalid('$async is not supported');
  return (data) => (validate(data) ? [] : (validate.errors ?? []).slice(0, MAX_ERRORS).map(toFieldError));
}

/**
 * @returns a value that matches the schema, from its examples, defaults and types, or null if none
 *   can be generated
 */
export function sampleOf(schema: object): unknown {
  try {
    const value = sample(schema as Parameters<typeof sample>[0], { quiet: true });
    return value !== undefined && compileSchema(schema)(value).length === 0 ? value : null;
  } catch {
    return null;
  }
}

function toFieldError({ instancePath, message, keyword, params }: ErrorObject): FieldError {
  const { additionalProperty, missingProperty } = params as { additionalProperty?: string; missingProperty?: string };
  const name =
    keyword === 'additionalProperties' ? additionalProperty : keyword === 'required' ? missingProperty : undefined;
  const path =
    name === undefined ? instancePath : `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return { path, message: message ?? keyword };
}

function longestPattern(value: unknown): number {
  if (Array.isArray(value)) return Math.max(0, ...value.map(longestPattern));
  if (typeof value !== 'object' || value === null) return 0;
  return Math.max(
    0,
    ...Object.entries(value).map(([key, inner]) => {
      if (key === 'pattern' && typeof inner === 'string') return inner.length;
      const keys = key === 'patternProperties' && inner ? Object.keys(inner as object).map((name) => name.length) : [];
      return Math.max(longestPattern(inner), ...keys);
    }),
  );
}

function invalid(why: string): Problem {
  const detail = `The schema cannot be used: ${why.slice(0, 300)}.`;
  return new Problem('invalid-schema', detail, { errors: [{ path: '/schema', message: why.slice(0, 300) }] });
}
