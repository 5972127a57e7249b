import { _, type Ajv, type KeywordCxt } from 'ajv';
import { spend } from './work';

/** The keyword by which each subschema counts its work. */
export const STEP = 'x-signpost-step';

/**
 * The work of applying a subschema to a value, in units (see `spend`), without that of its
 * subschemas.
 */
export interface StepWork {
  base: number;
  perCharacter: number;
  perItem: number;
  perProperty: number;
}

const UNITS_PER_SUBSCHEMA = 8;
const UNITS_PER_NAME = 2;
const UNITS_PER_REFERENCE = 32;
const CHARACTERS_PER_UNIT = 16;
/** Keywords whose work grows with the length of a string. */
const UNITS_PER_CHARACTER: Readonly<Record<string, number>> = { minLength: 1 / 8, maxLength: 1 / 8, format: 1 / 8 };
/** Keywords that look at each property of an object. */
const PER_PROPERTY = [
  'additionalProperties',
  'unevaluatedProperties',
  'patternProperties',
  'propertyNames',
  'minProperties',
  'maxProperties',
];
const UNITS_PER_PROPERTY = 8;

/** Estimates the work of a subschema, on the high side. */
export function stepWork(schema: Readonly<Record<string, unknown>>): StepWork {
  const work: StepWork = { base: UNITS_PER_SUBSCHEMA, perCharacter: 0, perItem: 0, perProperty: 0 };
  for (const [keyword, value] of Object.entries(schema)) {
    work.base += baseOf(keyword, value);
    work.perCharacter += UNITS_PER_CHARACTER[keyword] ?? 0;
    // An item of the wrong type fails before its own step.
    if (keyword === 'contains') work.perItem += UNITS_PER_SUBSCHEMA;
    if (PER_PROPERTY.includes(keyword)) work.perProperty += UNITS_PER_PROPERTY;
  }
  return work;
}

function baseOf(keyword: string, value: unknown): number {
  switch (keyword) {
    case '$ref':
    case '$dynamicRef':
      return UNITS_PER_REFERENCE;
    // A branch for another type fails before its own step.
    case 'allOf':
    case 'anyOf':
    case 'oneOf':
      return Array.isArray(value) ? UNITS_PER_SUBSCHEMA * value.length : 0;
    case 'required':
      return Array.isArray(value) ? UNITS_PER_NAME * value.length : 0;
    case 'properties':
    case 'dependentSchemas':
      return isObject(value) ? UNITS_PER_NAME * Object.keys(value).length : 0;
    case 'enum':
    case 'const':
    case 'dependentRequired':
    case 'dependencies':
      return JSON.stringify(value).length / CHARACTERS_PER_UNIT;
    default:
      return 0;
  }
}

/** Adds the keyword to a validator. */
export function addStepKeyword(ajv: Ajv): void {
  ajv.addKeyword({
    keyword: STEP,
    code({ gen, data, schema }: KeywordCxt) {
      const count = gen.scopeValue('func', { ref: countStep });
      const work = gen.scopeValue('obj', { ref: schema as object });
      gen.code(_`${count}(${data}, ${work})`);
    },
  });
  // Before all groups of keywords, because a keyword that fails ends the validation of its
  // subschema.
  const { rules } = ajv.RULES;
  const untyped = rules.find(({ type }) => type === undefined)!;
  const index = untyped.rules.findIndex(({ keyword }) => keyword === STEP);
  rules.unshift({ rules: untyped.rules.splice(index, 1) });
}

function countStep(data: unknown, { base, perCharacter, perItem, perProperty }: StepWork): void {
  let units = base;
  if (typeof data === 'string') units += data.length * perCharacter;
  else if (perItem > 0 && Array.isArray(data)) units += data.length * perItem;
  else if (perProperty > 0 && isObject(data)) units += Object.keys(data).length * perProperty;
  spend(units);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
