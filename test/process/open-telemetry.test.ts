import { diag } from '@opentelemetry/api';
import { pino } from 'pino';
import type { TracingConfig } from '../../src/config/tracing-settings';
import { startOpenTelemetry, type OpenTelemetry } from '../../src/process/open-telemetry';
import type { SpanFacts } from '../../src/process/tracing';
import { startCollector, type CollectedSpan, type Collector } from '../support/collector';
import { until } from '../support/until';

/** Spans of a process, exported to a real receiver of OTLP. */
const TRACE = 'a'.repeat(32);
const PARENT = 'b'.repeat(16);
const SAMPLED = `00-${TRACE}-${PARENT}-01`;
const UNSAMPLED = `00-${TRACE}-${PARENT}-00`;

let collector: Collector;
let tracing: OpenTelemetry;
beforeEach(async () => {
  collector = await startCollector();
  tracing = start();
});
afterEach(async () => {
  await tracing.close();
  await collector.close();
  diag.disable();
});

function start(overrides: Partial<TracingConfig> = {}): OpenTelemetry {
  const config: TracingConfig = {
    url: `${collector.endpoint}/v1/traces`,
    protocol: 'http/json',
    headers: {},
    serviceName: 'signpost',
    resourceAttributes: {},
    sampler: { name: 'parentbased_always_on', ratio: 1 },
    ...overrides,
  } as TracingConfig;
  return startOpenTelemetry(config, 'worker');
}

const facts = (overrides: Partial<SpanFacts> = {}) => {
  const all: SpanFacts = { name: 'work', kind: 'internal', parent: SAMPLED, ...overrides };
  return () => all;
};
/** Exports what is left. @returns all spans so far, by name */
async function exported(): Promise<Record<string, CollectedSpan>> {
  await tracing.close();
  return Object.fromEntries(collector.spans.map((span) => [span.name, span]));
}
const traceIdOf = (traceparent: string | undefined) => traceparent?.split('-')[1];

it('a span ends when its work does, also if that is asynchronous', async () => {
  let end: () => void = () => undefined;
  const slow = tracing.run(facts({ name: 'slow' }), () => new Promise<void>((resolve) => (end = resolve)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  end();
  await slow;
  expect(tracing.run(facts({ name: 'quick' }), () => 'result')).toBe('result');
  const { slow: span, quick } = await exported();
  expect(span).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, failed: false });
  expect(span!.durationMs).toBeGreaterThan(45);
  expect(quick).toMatchObject({ failed: false });
});

it('work that fails marks its span with the class of the error, and not with its message', async () => {
  const fault = new TypeError('holds a secret');
  expect(() =>
    tracing.run(facts({ name: 'thrown' }), () => {
      throw fault;
    }),
  ).toThrow(fault);
  await expect(tracing.run(facts({ name: 'rejected' }), () => Promise.reject(fault))).rejects.toBe(fault);
  const { thrown, rejected } = await exported();
  for (const span of [thrown, rejected])
    expect(span).toMatchObject({ failed: true, attributes: { 'error.type': 'TypeError' } });
  expect(collector.texts.join()).not.toContain('secret');
});

it('spans inside work belong to it, and what outlives it belongs to no trace', async () => {
  tracing.run(facts({ name: 'outer' }), ({ traceparent }) => {
    expect(tracing.active()).toBe(traceparent);
    const [, trace_id, span_id] = traceparent!.split('-');
    expect(tracing.logFields()).toEqual({ trace_id, span_id });
    tracing.continue(undefined, () => {
      expect(tracing.active()).toBeUndefined();
      expect(tracing.logFields()).toEqual({});
    });
    tracing.continue(`00-${'c'.repeat(32)}-${PARENT}-01`, () => {
      expect(traceIdOf(tracing.active())).toBe('c'.repeat(32));
    });
    expect(tracing.active()).toBe(traceparent);
  });
  expect(tracing.active()).toBeUndefined();
  expect(tracing.logFields()).toEqual({});
});

it('a trace that its caller does not sample is passed on as it is, and not exported', async () => {
  const passedOn = tracing.run(facts({ parent: UNSAMPLED }), ({ traceparent }) => traceparent);
  expect(passedOn).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
  tracing.continue(UNSAMPLED, () => expect(tracing.active()).toBe(UNSAMPLED));
  tracing.run(facts({ name: 'sampled' }), () => undefined);
  expect(Object.keys(await exported())).toEqual(['sampled']);
});

it.each([
  ['parentbased_always_off', ['continued']],
  ['always_off', []],
  ['always_on', ['begun', 'continued', 'unsampled']],
  ['parentbased_traceidratio', ['continued']],
  ['traceidratio', []],
] as const)('the sampler %s exports %j', async (name, expected) => {
  await tracing.close();
  tracing = start({ sampler: { name, ratio: 0 } });
  tracing.run(facts({ name: 'begun', parent: undefined }), () => undefined);
  tracing.run(facts({ name: 'continued' }), () => undefined);
  tracing.run(facts({ name: 'unsampled', parent: UNSAMPLED }), () => undefined);
  expect(Object.keys(await exported()).sort()).toEqual(expected);
});

it('a span that is over keeps its id and times, and the next one gets an id of its own', async () => {
  const spanId = 'd'.repeat(16);
  const startedAt = new Date(Date.now() - 60_000);
  const endedAt = new Date(startedAt.getTime() + 5000);
  tracing.record({ ...facts({ name: 'past' })(), spanId, startedAt, endedAt, failed: true });
  tracing.record({ ...facts({ name: 'good' })(), spanId: 'e'.repeat(16), startedAt, endedAt, failed: false });
  tracing.run(facts({ name: 'next' }), () => undefined);
  const { past, good, next } = await exported();
  expect(past).toMatchObject({ spanId, parentSpanId: PARENT, failed: true, durationMs: 5000 });
  expect(good).toMatchObject({ spanId: 'e'.repeat(16), failed: false });
  expect(['d', 'e'].map((digit) => digit.repeat(16))).not.toContain(next!.spanId);
});

it('a span has at most 64 links, and none that is malformed', async () => {
  const links = Array.from({ length: 100 }, (_, index) => `00-${String(index).padStart(32, '1')}-${PARENT}-01`);
  tracing.run(facts({ name: 'many', links }), () => undefined);
  tracing.run(facts({ name: 'malformed', links: ['x', SAMPLED] }), () => undefined);
  const { many, malformed } = await exported();
  expect(many!.links).toHaveLength(64);
  expect(malformed!.links).toEqual([{ traceId: TRACE, spanId: PARENT }]);
});

it('the resource names the service as configured, and its role', async () => {
  await tracing.close();
  tracing = start({ serviceName: 'hooks', resourceAttributes: { 'service.name': 'other', team: 'payments' } });
  tracing.run(facts(), () => undefined);
  await exported();
  expect(collector.resource).toMatchObject({ 'service.name': 'hooks', 'signpost.role': 'worker', team: 'payments' });
});

it('a collector that refuses is logged once a minute, without its answer', async () => {
  const lines: string[] = [];
  tracing.reportTo(pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }));
  let refused = 0;
  collector.answerRaw((response) => {
    refused += 1;
    response.writeHead(400).end('answer with a secret');
  });
  await tracing.close();
  process.env.OTEL_BSP_SCHEDULE_DELAY = '10';
  tracing = start();
  delete process.env.OTEL_BSP_SCHEDULE_DELAY;
  await until(
    async () => {
      tracing.run(facts(), () => undefined);
      return refused;
    },
    (count) => count >= 4,
  );
  await until(
    async () => lines.length,
    (count) => count > 0,
  );
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('traces are not exported');
  expect(lines[0]).not.toContain('answer with a secret');
});

it('closing takes 2 s at most while the collector does not answer', async () => {
  collector.answerRaw(() => undefined);
  tracing.run(facts(), () => undefined);
  const closed = tracing.close().then(() => 'closed');
  const late = new Promise((resolve) => setTimeout(resolve, 8000, 'late').unref());
  expect(await Promise.race([closed, late])).toBe('closed');
});
