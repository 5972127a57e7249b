import { Counter, type Registry } from 'prom-client';
import type { SpanCounts } from './span-counts';

/** Registers the metrics of exported traces, for a process that has traces on. */
export function registerSpanMetrics(registry: Registry, counts: SpanCounts): void {
  const registers = [registry];
  new Counter({
    name: 'signpost_spans_exported_total',
    help: 'Spans of this process that the collector took.',
    registers,
    collect() {
      this.reset();
      this.inc(counts.exported);
    },
  });
  new Counter({
    name: 'signpost_spans_dropped_total',
    help: 'Spans of this process that were dropped, by reason: queue-full, or export-failed.',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, spans] of Object.entries(counts.dropped)) this.inc({ reason }, spans);
    },
  });
}
