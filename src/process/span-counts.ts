import { createNoopMeter, type Attributes, type Counter, type Meter, type MeterProvider } from '@opentelemetry/api';

/** Spans of this process since its start, by outcome. */
export interface SpanCounts {
  readonly exported: number;
  /** Dropped, by reason: `queue-full`, or `export-failed`. */
  readonly dropped: Readonly<Record<'queue-full' | 'export-failed', number>>;
}

const PROCESSED = 'otel.sdk.processor.span.processed';

/**
 * Counts spans by what the span processor of OpenTelemetry reports about itself: with no error,
 * with the error `queue_full`, or with that of the export.
 */
export function countSpans(): { counts: SpanCounts; meterProvider: MeterProvider } {
  const counts = { exported: 0, dropped: { 'queue-full': 0, 'export-failed': 0 } };
  const processed: Counter = {
    add(spans: number, attributes: Attributes = {}) {
      const error = attributes['error.type'];
      if (error === undefined) counts.exported += spans;
      else counts.dropped[error === 'queue_full' ? 'queue-full' : 'export-failed'] += spans;
    },
  };
  const others = createNoopMeter();
  // All users of the API share the other one.
  const meter = Object.create(others) as Meter;
  meter.createCounter = (name, options) => (name === PROCESSED ? processed : others.createCounter(name, options));
  return { counts, meterProvider: { getMeter: () => meter } };
}
