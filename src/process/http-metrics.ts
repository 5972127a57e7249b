import type { Registry } from 'prom-client';
import { LatencyHistogram } from './latency-histogram';

/** Of requests that no route took: pages, and what was refused before a route was known. */
export const NO_ROUTE = { method: 'other', route: 'other' };

/** A request that has ended. */
export interface EndedRequest {
  /** Template of the path, as `/v1/events/:id`; never the path itself. */
  route: string;
  method: string;
  /** Absent if the caller disconnected before the response was sent. */
  status: number | undefined;
  seconds: number;
  /** Of the span of the request, if it has one. */
  traceparent?: string;
}

/** What the HTTP server reports. */
export interface HttpMetrics {
  observe(request: EndedRequest): void;
}

/**
 * Registers the metrics of requests. Labels have few values: templates, methods and classes.
 *
 * @param hasExemplars - whether buckets of durations name a trace
 */
export function createHttpMetrics(registry: Registry, hasExemplars = false): HttpMetrics {
  const duration = new LatencyHistogram(
    registry,
    {
      name: 'signpost_http_request_duration_seconds',
      help: 'Duration of requests to this process, by route, method, and class of the status: 2xx to 5xx, or aborted by the caller.',
      labelNames: ['route', 'method', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
    },
    hasExemplars,
  );
  return {
    observe({ route, method, status, seconds, traceparent }) {
      duration.observe(seconds, traceparent, { route, method, status: classOf(status) });
    },
  };
}

function classOf(status: number | undefined): string {
  return status === undefined ? 'aborted' : `${Math.floor(status / 100)}xx`;
}
