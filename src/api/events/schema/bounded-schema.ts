import type { FieldError } from '../../../domain/problems';
import { compilePattern, type LinearPattern } from './linear-pattern';
import { PatternError } from './re2-syntax';
import { STEP, stepWork } from './step';

type Json = Record<string, unknown>;

/** Keywords whose value maps names to schemas. */
const SCHEMA_MAPS = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies'];
/** Keywords whose value is data. */
const VALUES = ['enum', 'const', 'required', 'dependentRequired', 'type'];
/** Keywords that say nothing about the validity of a value. */
const ANNOTATIONS = ['title', 'description', 'default', 'examples', 'example', '$comment'];
/** Keywords under which a weaker subschema may make the whole stricter. */
const NOT_MONOTONE = ['not', 'if', 'oneOf', 'contains'];

/** How many keywords take as long to compile. Others count once. */
const COMPILE_WEIGHTS: Readonly<Record<string, number>> = { $ref: 5, $dynamicRef: 5, pattern: 3 };
const WEIGHT_OF_BRANCH = 3;

/** Matches everything, in place of a pattern that cannot be bounded. */
const UNBOUNDED: LinearPattern = { size: 0, test: () => true, work: () => 1 };

/** A copy of a schema in which every step of a validation is counted. */
export interface BoundedSchema {
  schema: Json;
  /** The patterns of the schema. */
  patterns: ReadonlyMap<string, LinearPattern>;
  /**
   * Patterns that cannot be bounded, by a JSON Pointer into the schema. The copy does not enforce
   * them: it accepts what the rest of the schema accepts.
   */
  unbounded: FieldError[];
  /** How many keywords have to be compiled, by their weight. */
  keywords: number;
  /** Levels of nested objects and lists. */
  depth: number;
}

/** Copies a schema and prepares the copy for validation with a bound on its work. */
export function boundSchema(schema: object): BoundedSchema {
  const patterns = new Map<string, LinearPattern>();
  const unbounded: FieldError[] = [];
  let keywords = 0;
  let depth = 0;

  /** @returns whether the pattern can be bounded */
  function addPattern(source: string, path: string): boolean {
    try {
      if (!patterns.has(source)) patterns.set(source, compilePattern(source));
      return patterns.get(source) !== UNBOUNDED;
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      patterns.set(source, UNBOUNDED);
      unbounded.push({ path, message: `the pattern cannot be used: ${error.message}` });
      return false;
    }
  }

  function copyMap(map: Json, path: string, level: number): Json {
    return Object.fromEntries(
      Object.entries(map).map(([name, value]) => [name, copy(value, below(path, name), level)]),
    );
  }

  function copyPatternProperties(map: Json, path: string, level: number): Json {
    const entries = Object.entries(copyMap(map, path, level));
    return Object.fromEntries(
      entries.map(([name, value]) => [name, addPattern(name, below(path, name)) ? value : true]),
    );
  }

  function copyKeyword(keyword: string, value: unknown, path: string, level: number): unknown {
    if (VALUES.includes(keyword)) return value;
    if (keyword === 'pattern' && typeof value === 'string') addPattern(value, path);
    if (keyword === 'patternProperties' && isObject(value)) return copyPatternProperties(value, path, level + 1);
    if (SCHEMA_MAPS.includes(keyword) && isObject(value)) return copyMap(value, path, level + 1);
    return copy(value, path, level);
  }

  function copy(value: unknown, path: string, level: number): unknown {
    depth = Math.max(depth, level);
    if (Array.isArray(value)) return value.map((item, index) => copy(item, below(path, String(index)), level + 1));
    if (!isObject(value)) return value;
    const entries: [string, unknown][] = [];
    for (const [keyword, inner] of Object.entries(value)) {
      if (ANNOTATIONS.includes(keyword)) continue;
      keywords += COMPILE_WEIGHTS[keyword] ?? 1;
      if (keyword === 'oneOf' && Array.isArray(inner)) keywords += WEIGHT_OF_BRANCH * inner.length;
      const before = unbounded.length;
      const copied = copyKeyword(keyword, inner, below(path, keyword), level + 1);
      if (unbounded.length === before || !NOT_MONOTONE.includes(keyword)) entries.push([keyword, copied]);
    }
    // Not by assignment, to which the name __proto__ is special.
    const result = Object.fromEntries(entries);
    result[STEP] = stepWork(result);
    return result;
  }

  return { schema: copy(schema, '', 0) as Json, patterns, unbounded, keywords, depth };
}

function below(path: string, name: string): string {
  return `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
