import { LRUCache } from 'lru-cache';
import { Problem, type FieldError } from '../../domain/problems';
import { boundSchema, type BoundedSchema } from './schema/bounded-schema';
import { refusedName } from './schema/refused-name';
import { generateSample } from './schema/sample';
import { checkForm, createValidator, type Draft, type Validator } from './schema/validator';
import { MAX_WORK } from './schema/work';

const MAX_SCHEMA_BYTES = 64 * 1024;
/** Compiling takes about 0.1 ms for each. */
const MAX_KEYWORDS = 1200;
/** Levels of nested objects and lists. Compiling is recursive. */
const MAX_DEPTH = 100;
/** Instructions of all patterns. Compiling one takes about 5 µs, and repetitions multiply them. */
const MAX_PATTERN_SIZE = 10_000;
const MAX_PATTERNS = 100;
const MAX_SHOWN_PATTERNS = 20;
/** Values that every schema must be able to judge within the bound. */
const PROBES = [{}, [], '', 0, true, null];
/** The work of listing all errors, after the first one was found. */
const LISTING_WORK = MAX_WORK / 20;
/** The work that is done between other requests: about half a millisecond. */
const QUICK_WORK = 10_000;
const TOO_MUCH_WORK = 'takes too many steps to validate; send less data or simplify the schema';
/** Compiled schemas are kept by their text, because several calls need the same one. */
const MAX_CACHED_BYTES = 4 * 1024 * 1024;

/** A compiled schema. */
export interface CompiledSchema {
  /** Lists the errors of a value, each with a JSON Pointer into it. */
  validate(data: unknown): FieldError[];
  /** As `validate`, or undefined if that takes longer than about half a millisecond. */
  validateQuickly(data: unknown): FieldError[] | undefined;
  /**
   * Patterns that are not enforced, because no bound can be given for them: JSON Pointers into the
   * schema.
   */
  unenforced: FieldError[];
}

const cache = new LRUCache<string, CompiledSchema>({
  maxSize: MAX_CACHED_BYTES,
  sizeCalculation: (_compiled, text) => text.length,
});

/**
 * Compiles the JSON Schema of an event type: draft 2020-12, or draft 07 if `$schema` names it.
 * Refuses references to other documents, and a schema whose validation or compilation cannot be
 * bounded.
 *
 * @returns a function that lists the errors of a value, each with a JSON Pointer into it
 * @throws Problem invalid-schema
 */
export function compileSchema(schema: object): (data: unknown) => FieldError[] {
  const text = JSON.stringify(schema);
  if (Buffer.byteLength(text) > MAX_SCHEMA_BYTES) throw invalid(`it is larger than ${MAX_SCHEMA_BYTES / 1024} KiB`);
  const bounded = boundSchema(schema);
  const { depth, keywords, patterns, unbounded } = bounded;
  if (depth > MAX_DEPTH) throw invalid(`it is nested deeper than ${MAX_DEPTH} levels`);
  if (keywords > MAX_KEYWORDS) throw invalid(`it has more than ${MAX_KEYWORDS} keywords`);
  const unnameable = refusedName(schema);
  if (unnameable !== undefined) throw invalid(`a member called __proto__ cannot be checked (${unnameable})`);
  if (patterns.size > MAX_PATTERNS) throw invalid(`it has more than ${MAX_PATTERNS} patterns`);
  if (unbounded.length > 0) throw invalidPatterns(unbounded);
  const patternSize = [...patterns.values()].reduce((sum, { size }) => sum + size, 0);
  if (patternSize > MAX_PATTERN_SIZE) throw invalid('its patterns repeat too much; use minLength and maxLength');
  const { validate } = cached(text, schema, bounded);
  return validate;
}

/**
 * Compiles a schema that may have been stored before its work was bounded. A pattern for which no
 * bound can be given is not enforced; the rest of the schema is.
 *
 * @param schema - the schema or its JSON text
 * @throws Problem invalid-schema
 */
export function compileStoredSchema(schema: object | string): CompiledSchema {
  return typeof schema === 'string' ? cached(schema) : cached(JSON.stringify(schema), schema);
}

/**
 * @returns a value that matches the schema, from its examples, defaults and types, of at most
 *   64 KiB, or null if none can be generated
 */
export function sampleOf(schema: object): unknown {
  const value = generateSample(schema);
  return value !== undefined && compileSchema(schema)(value).length === 0 ? value : null;
}

function cached(text: string, given?: object, bounded?: BoundedSchema): CompiledSchema {
  const found = cache.get(text);
  if (found) return found;
  const schema = given ?? (JSON.parse(text) as object);
  const compiled = compile(schema, bounded ?? boundSchema(schema));
  cache.set(text, compiled);
  return compiled;
}

function compile(schema: object, bounded: BoundedSchema): CompiledSchema {
  const { $schema = '' } = schema as { $schema?: unknown };
  const draft: Draft = String($schema).includes('draft-07') ? '07' : '2020-12';
  if ('$async' in schema) throw invalid('$async is not supported');
  let findFirst: Validator;
  try {
    const fault = checkForm(schema, draft);
    if (fault) throw invalid(fault.message, fault.path);
    findFirst = createValidator(bounded, draft, false);
  } catch (error) {
    throw error instanceof Problem ? error : invalid((error as Error).message);
  }
  for (const probe of PROBES) {
    if (!findFirst(probe, MAX_WORK)) throw invalid('validating an empty value takes too many steps');
  }
  let findAll: Validator | undefined;
  const all = () => (findAll ??= createValidator(bounded, draft, true));
  return {
    unenforced: bounded.unbounded,
    validate(data) {
      const first = findFirst(data, MAX_WORK);
      if (!first) return [{ path: '', message: TOO_MUCH_WORK }];
      if (first.length === 0) return first;
      return all()(data, LISTING_WORK) ?? first;
    },
    validateQuickly(data) {
      const first = findFirst(data, QUICK_WORK);
      return first?.length ? all()(data, QUICK_WORK) : first;
    },
  };
}

/** @param path - a JSON Pointer into the schema */
function invalid(why: string, path = ''): Problem {
  const message = why.slice(0, 300);
  const detail = `The schema cannot be used: ${path && `/schema${path} `}${message}.`;
  return new Problem('invalid-schema', detail, { errors: [{ path: `/schema${path}`, message }] });
}

function invalidPatterns(patterns: readonly FieldError[]): Problem {
  const errors = patterns
    .slice(0, MAX_SHOWN_PATTERNS)
    .map(({ path, message }) => ({ path: `/schema${path}`, message }));
  return new Problem('invalid-schema', `The schema cannot be used: ${errors[0]!.path}: ${errors[0]!.message}.`, {
    errors,
  });
}
