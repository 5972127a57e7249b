import { Ajv, type ErrorObject, type Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { FieldError } from '../../../domain/problems';
import type { BoundedSchema } from './bounded-schema';
import { boundFormats } from './formats';
import { replaceMultipleOf } from './multiple-of';
import { addStepKeyword, STEP } from './step';
import { replaceUniqueItems } from './unique-items';
import { spend, TooMuchWorkError, withinBound } from './work';

const MAX_ERRORS = 20;

/** The draft of a schema. */
export type Draft = '07' | '2020-12';

/**
 * Judges a value within a bound of work.
 *
 * @returns the errors, or undefined if that takes more work
 */
export type Validator = (data: unknown, maxWork: number) => FieldError[] | undefined;

/**
 * Compiles a schema.
 *
 * @param allErrors - whether to go on after the first error. Collecting them takes time that is
 *   quadratic in their number
 * @throws Error if the schema cannot be compiled
 */
export function createValidator({ schema, patterns }: BoundedSchema, draft: Draft, allErrors: boolean): Validator {
  const validate = createAjv(draft, allErrors, patterns).compile(schema);
  return (data, maxWork) => {
    try {
      return withinBound(maxWork, () => validate(data))
        ? []
        : (validate.errors ?? []).slice(0, MAX_ERRORS).map(toFieldError);
    } catch (error) {
      if (error instanceof TooMuchWorkError) return undefined;
      throw error;
    }
  };
}

const formCheckers = new Map<Draft, Ajv>();

/**
 * Checks a schema against its meta-schema, which takes long to compile and is compiled once.
 *
 * @returns the first fault
 * @throws Error if the meta-schema is unknown
 */
export function checkForm(schema: object, draft: Draft): FieldError | undefined {
  let checker = formCheckers.get(draft);
  if (!checker) {
    checker = create(draft, {});
    addFormats(checker);
    formCheckers.set(draft, checker);
  }
  if (checker.validateSchema(schema) === true) return undefined;
  // Errors of the alternatives at a place come before the one that sums them up.
  const depth = ({ instancePath }: ErrorObject) => instancePath.split('/').length;
  const fault = checker.errors!.reduce((deepest, error) => (depth(error) > depth(deepest) ? error : deepest));
  const { allowedValues } = fault.params as { allowedValues?: unknown[] };
  return { ...toFieldError(fault), ...(allowedValues && { message: `must be one of ${allowedValues.join(', ')}` }) };
}

function create(draft: Draft, options: Options): Ajv {
  return new (draft === '07' ? Ajv : Ajv2020)({ strict: false, logger: false, ...options });
}

function createAjv(draft: Draft, allErrors: boolean, patterns: BoundedSchema['patterns']): Ajv {
  const regExp = (source: string) => {
    const pattern = patterns.get(source)!;
    const test = (text: string) => {
      spend(pattern.work(text.length));
      return pattern.test(text);
    };
    return { test, toString: () => source };
  };
  const ajv = create(draft, {
    allErrors,
    // checkForm() has checked it.
    meta: false,
    validateSchema: false,
    // So each referenced schema becomes a function, which `process` sees.
    inlineRefs: false,
    code: {
      // The type is that of RegExp, of which Ajv uses these two methods.
      regExp: Object.assign(regExp, { code: 'regExp' }) as never,
      // Takes longer than it saves.
      optimize: false,
      process(code, environment) {
        const target = environment?.schema;
        if (typeof target === 'object' && !(STEP in target))
          throw new Error('a $ref points to something that is no schema');
        return code;
      },
    },
  });
  addFormats(ajv);
  boundFormats(ajv);
  replaceMultipleOf(ajv);
  replaceUniqueItems(ajv);
  addStepKeyword(ajv);
  return ajv;
}

function toFieldError({ instancePath, message, keyword, params }: ErrorObject): FieldError {
  const { additionalProperty, missingProperty } = params as { additionalProperty?: string; missingProperty?: string };
  const name =
    keyword === 'additionalProperties' ? additionalProperty : keyword === 'required' ? missingProperty : undefined;
  const path =
    name === undefined ? instancePath : `${instancePath}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return { path, message: message ?? keyword };
}
