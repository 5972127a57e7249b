import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { Problem, type FieldError } from '../../domain/problems';
import { isUnavailable, isUnstorableText } from '../../store/db/database';

/** A problem as every error is answered (RFC 9457). */
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

/** Answers a problem. */
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

/** The last handler: turns whatever was thrown into a problem. What nobody foresaw is logged and answered without its inside. */
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
  if (error instanceof URIError) return new Problem('invalid-request', 'The path holds a malformed escape.');
  if (isUnstorableText(error))
    return new Problem('validation-failed', 'A text holds a character that cannot be stored (NUL).');
  if (isUnavailable(error)) {
    return new Problem('database-unavailable', 'Nothing was changed; try again.', {
      headers: { 'retry-after': '2' },
      cause: error,
    });
  }
  return new Problem('internal-error', 'The request was not carried out; the log of the service says more.', {
    cause: error,
  });
}

/** Express's parser errors carry a `type` and a `status`. */
function bodyParserProblem(error: unknown): Problem | undefined {
  const { type, status, expose } = (error ?? {}) as { type?: string; status?: number; expose?: boolean };
  switch (type) {
    case 'entity.parse.failed':
      return new Problem('malformed-json', 'The body could not be parsed as JSON.');
    case 'entity.too.large':
      return new Problem('payload-too-large', 'The body is larger than this call takes.');
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new Problem('unsupported-media-type', 'Send UTF-8, plain or with gzip, deflate or br.');
    default:
      // Such as a body that says gzip and is none: an error of the parser that is the caller's to know.
      return expose && status !== undefined && status >= 400 && status < 500
        ? new Problem('invalid-request', 'The body could not be read.')
        : undefined;
  }
}

/**
 * Reads a value with a schema.
 *
 * @param where - `''` for the body (paths are JSON Pointers), or `query`, `path`
 * @throws Problem validation-failed, with a pointer to each field
 */
export function parseOrThrow<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: '' | 'query' | 'path',
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Problem('validation-failed', 'The request breaks a rule; errors says which.', {
    errors: fieldErrorsOf(result.error, where),
  });
}

/** The faults that a schema found, each with a pointer to its field. */
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

/** RFC 6901. */
export function pointer(segments: readonly string[], where: string): string {
  return where + segments.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
