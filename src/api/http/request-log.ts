import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/**
 * Logs requests with an id (answered as `x-request-id`), method, path, status and duration; never headers, bodies or queries. What went well is
 * of interest only when debugging.
 */
export function requestLog(log: Logger): RequestHandler {
  return (request, response, next) => {
    const id = randomUUID();
    const startedAt = performance.now();
    const { method, path } = request;
    response.setHeader('x-request-id', id);
    response.once('close', () => {
      const { statusCode: status, writableFinished } = response;
      const level = status >= 500 ? 'error' : status >= 400 || !writableFinished ? 'info' : 'debug';
      if (!log.isLevelEnabled(level)) return;
      const durationMs = Math.round(performance.now() - startedAt);
      log[level](
        { requestId: id, method, path, status, durationMs },
        writableFinished ? 'answered' : 'the caller went away',
      );
    });
    next();
  };
}
