import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { Problem, problemBody } from '../../domain/problems';
import { unstorableTexts } from '../../domain/unstorable-texts';
import { isContended, isOutcomeUnknown, isUnavailable, isUnstorableText } from '../../store/db/database';
import { loggedPath } from './logged-path';
import { pointer } from './parse-input';
import { noteFailure } from './request-log';

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
    .send(problemBody(problem, request.path));
}

/**
 * The last handler: turns any error into a problem. An unexpected error is logged with its request,
 * and its details are not sent.
 */
export function problemHandler(log: Logger): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = toProblem(error, request);
    if (problem.status >= 500) {
      const failure = { code: problem.code, err: error as unknown };
      // The line of the request shows it, unless that was written when the caller left.
      if (response.closed) log.error({ ...failure, path: loggedPath(request.path) }, 'request failed');
      else noteFailure(response, failure);
    }
    sendProblem(request, response, problem);
  };
}

/** The problem that an error becomes, in whose request the places of faults are found. */
export function toProblem(error: unknown, { method, body }: { method?: string; body?: unknown } = {}): Problem {
  if (error instanceof Problem) return error;
  const fromParser = bodyParserProblem(error);
  if (fromParser) return fromParser;
  if (isUnstorableText(error))
    return new Problem('validation-failed', 'A string contains the character NUL (U+0000), which cannot be stored.', {
      errors: unstorableTexts(body).map((path) => ({
        path: pointer(path, ''),
        message: 'must not contain NUL',
      })),
    });
  const unavailable = unavailableDetail(error, method === 'GET' || method === 'HEAD');
  if (unavailable !== undefined)
    return new Problem('database-unavailable', unavailable, { headers: { 'retry-after': '2' }, cause: error });
  return new Problem('internal-error', 'The request failed. The log of the service has the details.', {
    cause: error,
  });
}

function unavailableDetail(error: unknown, onlyReads: boolean): string | undefined {
  if (isUnavailable(error) && onlyReads) return 'The database is unavailable. Retry the request.';
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
