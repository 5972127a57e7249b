import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { loggedPath } from './logged-path';

/**
 * Logs each request with its id (returned as `x-request-id`), method, path, status and duration;
 * never headers, bodies, queries or ids that callers chose. Successful requests are logged at level
 * `debug`.
 */
export function requestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const id = randomUUID();
    const startedAt = performance.now();
    const { method } = request;
    const path = loggedPath(request.path);
    response.setHeader('x-request-id', id);
    response.once('close', () => {
      const { statusCode: status, writableFinished } = response;
      const level = status >= 500 ? 'error' : status >= 400 || !writableFinished ? 'info' : 'debug';
      if (!log.isLevelEnabled(level)) return;
      const durationMs = Math.round(performance.now() - startedAt);
      log[level](
        { requestId: id, method, path, status, durationMs },
        writableFinished ? 'request completed' : 'the caller disconnected before the response',
      );
    });
    next();
  };
}
