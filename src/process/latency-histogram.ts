import { Histogram, type HistogramConfiguration, type LabelValues, type Registry } from 'prom-client';
import { sampledTraceId } from '../domain/trace-context';

/**
 * A histogram of durations. With exemplars, each bucket names the trace of its last observation
 * that was sampled, so that a slow bucket leads to a trace. A bucket keeps one id.
 */
export class LatencyHistogram<Label extends string = never> {
  private readonly histogram: Histogram<Label>;

  constructor(
    registry: Registry,
    config: Omit<HistogramConfiguration<Label>, 'registers'>,
    private readonly hasExemplars: boolean,
  ) {
    // A registry of the text format is refused, although ours renders both formats.
    this.histogram = new Histogram({ ...config, enableExemplars: hasExemplars, registers: [] });
    registry.registerMetric(this.histogram);
  }

  /** @param traceparent - of the span that was measured */
  observe(seconds: number, traceparent?: string, labels: LabelValues<Label> = {}): void {
    if (!this.hasExemplars) {
      this.histogram.observe(labels, seconds);
      return;
    }
    const traceId = sampledTraceId(traceparent);
    const exemplarLabels = (traceId === undefined ? {} : { trace_id: traceId }) as LabelValues<Label>;
    this.histogram.observe({ labels, value: seconds, exemplarLabels });
  }
}
