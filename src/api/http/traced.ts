import type { Request, Response } from 'express';
import { Problem } from '../../domain/problems';
import { readTraceparent } from '../../domain/trace-context';
import type { Principal } from '../../domain/types';
import type { Tracing } from '../../process/tracing';
import { ANONYMOUS } from './caller';
import { noteSpan } from './request-log';
import { continuesTrace, type Route } from './route';

/** A stream lasts until its caller leaves, which is no measure of anything. */
const STREAM = 'text/event-stream';

/**
 * Runs the requests of a route in spans. Only posts of events continue the trace of their caller:
 * they come from producers, and others should not decide what is sampled. A request without a
 * credential has no span, so a flood of them crowds nobody out.
 *
 * With tracing off, the `traceparent` of a producer is passed on as it is.
 */
export function tracedRoute(tracing: Tracing, route: Route) {
  const method = route.method.toUpperCase();
  const isStream = Object.values(route.answers).some(({ contentType }) => contentType === STREAM);
  const parentOf = (request: Request) =>
    continuesTrace(route) ? readTraceparent(request.headers.traceparent) : undefined;

  return async function traced<T>(
    principal: Principal,
    request: Request,
    response: Response,
    startedAt: Date | undefined,
    work: (traceparent: string | undefined) => Promise<T>,
  ): Promise<T> {
    const parent = parentOf(request);
    if (!tracing.isOn || principal === ANONYMOUS || isStream) return work(parent);
    const facts = () => ({
      name: `${method} ${route.path}`,
      kind: 'server' as const,
      parent,
      startedAt,
      attributes: {
        'http.request.method': method,
        'http.route': route.path,
        'signpost.request.id': String(response.getHeader('x-request-id')),
      },
    });
    const result = await tracing.run(facts, async (span) => {
      noteSpan(response, span.traceparent);
      let status = 500;
      try {
        const value = await work(span.traceparent);
        status = response.statusCode;
        return { value };
      } catch (error) {
        if (error instanceof Problem) status = error.status;
        return { error };
      } finally {
        span.set({ 'http.response.status_code': status });
        if (status >= 500) span.fail(String(status));
      }
    });
    if ('error' in result) throw result.error;
    return result.value;
  };
}
