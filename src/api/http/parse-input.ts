import type { z } from 'zod';
import { Problem, type FieldError } from '../../domain/problems';
import { plainWords } from '../schemas/plain-words';

/**
 * Parses a value with a schema.
 *
 * @param where - `''` for the body (paths are JSON Pointers), or `query`, `path`
 * @throws Problem validation-failed, with a pointer to each invalid field
 */
export function parseOrThrow<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: '' | 'query' | 'path',
): z.output<Schema> {
  const result = schema.safeParse(value, { error: plainWords });
  if (result.success) return result.data;
  throw new Problem('validation-failed', 'The request is invalid; errors lists each invalid field.', {
    errors: fieldErrorsOf(result.error, where),
  });
}

/** Converts the errors of a schema, each with a pointer to its field. */
export function fieldErrorsOf(error: z.ZodError, where: '' | 'query' | 'path'): FieldError[] {
  return error.issues.flatMap((issue) => fieldErrors(issue, where));
}

function fieldErrors(issue: z.core.$ZodIssue, where: string): FieldError[] {
  const base = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pointer([...base, key], where), message: 'unknown field' }));
  }
  return [{ path: pointer(base, where), message: issue.message }];
}

/** Builds a JSON Pointer (RFC 6901) behind a prefix such as `query`. */
export function pointer(segments: readonly string[], where: string): string {
  return where + segments.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Prefixes the pointers of a problem with the path of the list entry that caused it. */
export async function prefixingPointers<T>(prefix: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const errors = error.options.errors?.map(({ path, message }) => ({ path: prefix + path, message }));
    throw new Problem(error.code, error.detail, { ...error.options, errors });
  }
}
