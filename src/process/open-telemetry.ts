import { AsyncLocalStorage } from 'node:async_hooks';
import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type DiagLogFunction,
  type Span as OtelSpan,
  type SpanContext,
  type SpanOptions,
} from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  type BufferConfig,
  type IdGenerator,
  type Sampler,
} from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import type { TracingConfig } from '../config/tracing-settings';
import { formatTraceparent, parseTraceparent } from '../domain/trace-context';
import { endsWithin } from './ends-within';
import { RepeatedLines } from './repeated-lines';
import { countSpans, type SpanCounts } from './span-counts';
import type { PastSpan, Span, SpanAttributes, SpanFacts, Tracing } from './tracing';
import { VERSION } from './version';

/** Longest wait for the last export. A collector that does not answer must not delay the exit. */
const CLOSE_MS = 2000;
const MAX_LINKS = 64;
const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  internal: SpanKind.INTERNAL,
};

/** The work in progress. */
interface Place {
  traceparent: string;
  logFields: { trace_id: string; span_id: string };
}

/** Tracing that is on, and what it adds to log lines. */
export interface OpenTelemetry extends Tracing {
  readonly spans: SpanCounts;
  logFields(): object;
  /** Reports faults of the export, each at most once a minute. */
  reportTo(log: Logger): void;
}

/**
 * Spans by the SDK of OpenTelemetry, exported in batches by OTLP over HTTP. The queue is bounded:
 * while the collector does not take them, further spans are dropped.
 *
 * Nothing is set globally except the logger of the SDK, so libraries make no spans of their own.
 */
export function startOpenTelemetry(config: TracingConfig, role: string): OpenTelemetry {
  const ids = new GivenIds();
  const { url, headers } = config;
  const { counts, meterProvider } = countSpans();
  // Its types leave this option out.
  const selfObservation = { selfObsMeterProvider: meterProvider } as BufferConfig;
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      'service.version': VERSION,
      'signpost.role': role,
      ...config.resourceAttributes,
      'service.name': config.serviceName,
    }),
    sampler: samplerOf(config.sampler),
    idGenerator: ids,
    spanProcessors: [
      new BatchSpanProcessor(
        config.protocol === 'http/json' ? new JsonExporter({ url, headers }) : new ProtobufExporter({ url, headers }),
        selfObservation,
      ),
    ],
  });
  const tracer = provider.getTracer('signpost', VERSION);
  const places = new AsyncLocalStorage<Place | undefined>();

  function begin({ name, kind, parent, links = [], startedAt, attributes }: SpanFacts): OtelSpan {
    const options: SpanOptions = {
      kind: KINDS[kind],
      startTime: startedAt,
      attributes: attributes && { ...attributes },
      links: links.slice(0, MAX_LINKS).flatMap((link) => {
        const context = remote(link);
        return context ? [{ context }] : [];
      }),
    };
    return tracer.startSpan(name, options, contextOf(parent));
  }

  return {
    isOn: true,
    spans: counts,
    run<T>(facts: () => SpanFacts, work: (span: Span) => T): T {
      const otelSpan = begin(facts());
      const place = placeOf(otelSpan.spanContext());
      const fail = (type: string) => {
        otelSpan.setAttribute('error.type', type);
        otelSpan.setStatus({ code: SpanStatusCode.ERROR });
      };
      const span: Span = {
        traceparent: place.traceparent,
        set: (attributes: SpanAttributes) => void otelSpan.setAttributes({ ...attributes }),
        fail,
      };
      const failed = (error: unknown) => {
        fail(error instanceof Error ? error.name : 'unknown');
        otelSpan.end();
      };
      let result: T;
      try {
        result = places.run(place, work, span);
      } catch (error) {
        failed(error);
        throw error;
      }
      if (result instanceof Promise) result.then(() => otelSpan.end(), failed);
      else otelSpan.end();
      return result;
    },
    continue(traceparent, work) {
      const context = remote(traceparent);
      return places.run(context && placeOf(context), work);
    },
    active: () => places.getStore()?.traceparent,
    record({ spanId, endedAt, failed, ...facts }: PastSpan) {
      ids.next = spanId;
      const span = begin(facts);
      ids.next = undefined;
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(endedAt);
    },
    logFields: () => places.getStore()?.logFields ?? {},
    reportTo,
    async close() {
      await endsWithin(
        provider.shutdown().catch(() => undefined),
        CLOSE_MS,
      );
    },
  };
}

/** The id of a span that another process knows already, or else random ids. */
class GivenIds implements IdGenerator {
  next: string | undefined;
  private readonly random = new RandomIdGenerator();

  generateTraceId(): string {
    return this.random.generateTraceId();
  }

  generateSpanId(): string {
    return this.next ?? this.random.generateSpanId();
  }
}

function placeOf(context: SpanContext): Place {
  const { traceId, spanId, traceFlags } = context;
  const sampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
  return {
    traceparent: formatTraceparent({ traceId, spanId, sampled }),
    logFields: { trace_id: traceId, span_id: spanId },
  };
}

function remote(traceparent: string | undefined): SpanContext | undefined {
  const context = parseTraceparent(traceparent);
  if (!context) return undefined;
  const { traceId, spanId, sampled } = context;
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

function contextOf(parent: string | undefined): Context {
  const context = remote(parent);
  return context ? trace.setSpanContext(ROOT_CONTEXT, context) : ROOT_CONTEXT;
}

function samplerOf({ name, ratio }: TracingConfig['sampler']): Sampler {
  const root = name.endsWith('always_on')
    ? new AlwaysOnSampler()
    : name.endsWith('always_off')
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(ratio);
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

function reportTo(log: Logger): void {
  const repeated = new RepeatedLines();
  const warn: DiagLogFunction = (message, ...details) => {
    const [first] = details;
    // The details may hold what the collector answered, so only the kind of error is logged.
    const reason = first instanceof Error ? first.name : undefined;
    const suppressed = repeated.admit('export');
    if (suppressed === undefined) return;
    log.warn({ reason, ...(suppressed > 0 && { suppressed }) }, `traces are not exported: ${textOf(message)}`);
  };
  const ignore: DiagLogFunction = () => undefined;
  diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
}

/** The SDK reports some errors as JSON, with a stack. */
function textOf(message: string): string {
  try {
    const { name, message: text, code } = JSON.parse(message) as Record<string, unknown>;
    return [name, code, text].filter((part) => typeof part === 'string' && part !== '').join(' ');
  } catch {
    return message;
  }
}
