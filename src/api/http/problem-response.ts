import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { Problem, type FieldError } from '../../domain/problems';
import { isContended, isOutcomeUnknown, isUnavailable, isUnstorableText } from '../../store/db/database';

/** The body of every error response (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

/** Sends a problem as the response. */
export function sendProblem(request: Request, response: Response, problem: Problem): void {
  response
    .status(problem.status)
    .set(problem.options.headers ?? {})
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `/docs/errors#${problem.code}`,
        title: problem.title,
        status: problem.status,
        detail: problem.detail,
        instance: request.path,
        code: problem.code,
        errors: problem.options.errors,
      }),
    );
}

/**
 * The last handler: turns any error into a problem. An unexpected error is logged, and its details
 * are not sent.
 */
export function problemHandler(log: Logger): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = toProblem(error);
    if (problem.status >= 500) log.error({ err: error, code: problem.code, path: request.path }, 'request failed');
    sendProblem(request, response, problem);
  };
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const fromParser = bodyParserProblem(error);
  if (fromParser) return fromParser;
  if (error instanceof URIError) return new Problem('invalid-request', 'The path contains invalid percent-encoding.');
  if (isUnstorableText(error))
    return new Problem('validation-failed', 'A string contains the character NUL (U+0000), which cannot be stored.');
  const unavailable = unavailableDetail(error);
  if (unavailable !== undefined)
    return new Problem('database-unavailable', unavailable, { headers: { 'retry-after': '2' }, cause: error });
  return new Problem('internal-error', 'The request failed. The log of the service has the details.', {
    cause: error,
  });
}

function unavailableDetail(error: unknown): string | undefined {
  if (isContended(error))
    return 'The database did not finish in time, and nothing was changed. Retry later; narrow the filter if this is a list.';
  if (isOutcomeUnknown(error))
    return 'The connection to the database was lost, and the request may have taken effect. Retry it with the same id or Idempotency-Key.';
  return isUnavailable(error) ? 'Nothing was changed. Retry the request.' : undefined;
}

/** Errors of Express's parsers have a `type` and a `status`. */
function bodyParserProblem(error: unknown): Problem | undefined {
  const { type, status, expose } = (error ?? {}) as { type?: string; status?: number; expose?: boolean };
  switch (type) {
    case 'entity.parse.failed':
      return new Problem('malformed-json', 'The body could not be parsed as JSON.');
    case 'entity.too.large':
      return new Problem('payload-too-large', 'The body is larger than this call allows.');
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new Problem('unsupported-media-type', 'Send the body as UTF-8, uncompressed or with gzip, deflate or br.');
    default:
      // Another parser error that is the caller's fault, such as a body declared as gzip that is
      // not.
      return expose && status !== undefined && status >= 400 && status < 500
        ? new Problem('invalid-request', 'The body could not be read.')
        : undefined;
  }
}

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
  const result = schema.safeParse(value);
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
