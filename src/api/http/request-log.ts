import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/**
 * Logs each request with its id (returned as `x-request-id`), method, path, status and duration;
 * never headers, bodies or queries. Successful requests are logged at level `debug`.
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
        writableFinished ? 'request completed' : 'the caller disconnected before the response',
      );
    });
    next();
  };
}
