import { BasicTracerProvider, BatchSpanProcessor, type BufferConfig } from '@opentelemetry/sdk-trace-base';
import { countSpans } from '../../src/process/span-counts';

/** Spans of OpenTelemetry's processor, with an exporter that ends an export on demand. */
function createSpans() {
  const { counts, meterProvider } = countSpans();
  type End = (result: { code: 0 } | { code: 1; error: Error }) => void;
  const ends: End[] = [];
  let isOpen = true;
  const exporter: ConstructorParameters<typeof BatchSpanProcessor>[0] = {
    export: (_spans, end: End) => (isOpen ? void ends.push(end) : end({ code: 0 })),
    shutdown: () => Promise.resolve(),
  };
  const options = { selfObsMeterProvider: meterProvider, maxQueueSize: 4, maxExportBatchSize: 4 } as BufferConfig;
  const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter, options)] });
  const tracer = provider.getTracer('test');
  return {
    counts,
    ends,
    /** Ends what hangs, whose timers would keep the process alive. */
    async close() {
      isOpen = false;
      for (const end of ends) end({ code: 0 });
      await provider.shutdown();
    },
    make(count: number) {
      for (let made = 0; made < count; made++) tracer.startSpan('made').end();
    },
  };
}

it('counts spans that were exported, and spans whose export failed', async () => {
  const { counts, ends, make, close } = createSpans();
  make(4);
  expect(counts).toEqual({ exported: 0, dropped: { 'queue-full': 0, 'export-failed': 0 } });
  ends[0]!({ code: 0 });
  expect(counts).toEqual({ exported: 4, dropped: { 'queue-full': 0, 'export-failed': 0 } });
  const failing = createSpans();
  failing.make(4);
  failing.ends[0]!({ code: 1, error: new Error('refused') });
  expect(failing.counts).toEqual({ exported: 0, dropped: { 'queue-full': 0, 'export-failed': 4 } });
  await Promise.all([close(), failing.close()]);
});

it('counts spans that found the queue full while an export hangs', async () => {
  const { counts, make, close } = createSpans();
  make(4 + 4 + 3);
  expect(counts).toEqual({ exported: 0, dropped: { 'queue-full': 3, 'export-failed': 0 } });
  await close();
});
