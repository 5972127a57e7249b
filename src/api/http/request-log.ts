import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { ProblemCode } from '../../domain/problems';
import { NO_ROUTE, type HttpMetrics } from '../../process/http-metrics';
import { loggedPath } from './logged-path';
import type { Route } from './route';

type RouteLabels = typeof NO_ROUTE;
/** The routes that took the requests in progress. */
const routes = new WeakMap<Response, RouteLabels>();
/** The spans of the requests in progress, as `traceparent`. */
const spans = new WeakMap<Response, string>();

/** Why the requests in progress failed. */
const failures = new WeakMap<Response, Failure>();

/** The cause of a response with a status of 500 or more. */
interface Failure {
  code: ProblemCode;
  err: unknown;
}

/** A stream lasts until its caller leaves, which says nothing about the service. */
const STREAM = /^text\/event-stream/;

/** Prepares the labels of a route, which it notes for each request that it takes. */
export function noteRouteOf({ path, method }: Pick<Route, 'path' | 'method'>): (response: Response) => void {
  const labels = { route: path, method: method.toUpperCase() };
  return (response) => void routes.set(response, labels);
}

/** Notes the span of a request, which its duration is an example of. */
export function noteSpan(response: Response, traceparent: string | undefined): void {
  if (traceparent !== undefined) spans.set(response, traceparent);
}

/** Notes why a request failed, which its line shows. */
export function noteFailure(response: Response, failure: Failure): void {
  failures.set(response, failure);
}

/**
 * Logs each request in one line, with its id (returned as `x-request-id`), method, path, status,
 * duration and, if it failed, the cause; never headers, bodies, queries or ids that callers chose.
 * Successful requests are logged at level `debug`. Each request is also observed for the metrics,
 * by the template of its path.
 */
export function requestLog(log: Logger, metrics: HttpMetrics): RequestHandler {
  return (request, response, next) => {
    const id = randomUUID();
    const startedAt = performance.now();
    const { method } = request;
    const path = loggedPath(request.path);
    response.setHeader('x-request-id', id);
    response.once('close', () => {
      const { statusCode: status, writableFinished } = response;
      const durationMs = performance.now() - startedAt;
      if (!STREAM.test(String(response.getHeader('content-type'))))
        metrics.observe({
          ...(routes.get(response) ?? NO_ROUTE),
          status: writableFinished ? status : undefined,
          seconds: durationMs / 1000,
          traceparent: spans.get(response),
        });
      const level = status >= 500 ? 'error' : status >= 400 || !writableFinished ? 'info' : 'debug';
      if (!log.isLevelEnabled(level)) return;
      log[level](
        { requestId: id, method, path, status, durationMs: Math.round(durationMs), ...failures.get(response) },
        writableFinished ? 'request completed' : 'the caller disconnected before the response',
      );
    });
    next();
  };
}
