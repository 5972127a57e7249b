import { randomBytes } from 'node:crypto';
import { onboard, startService, type ServiceProcess } from '../support/service';
import { startCollector, type CollectedSpan, type Collector } from '../support/collector';
import { startReceiver, type Receiver } from '../support/receiver';
import { until } from '../support/until';
import { useService } from '../support/use-service';

/** Traces of the built service, exported to a real receiver of OTLP. */

const SERVER = 2;
const CLIENT = 3;
const PRODUCER = 4;

let collector: Collector;
let receiver: Receiver;
let temporalAddress: string;

beforeAll(async () => {
  collector = await startCollector();
  receiver = await startReceiver();
});

afterAll(async () => {
  await receiver.close();
  await collector.close();
});

beforeEach(() => {
  receiver.requests.length = 0;
  receiver.answerWith(200);
});

const service = useService((temporal) => {
  temporalAddress = temporal.address;
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=hidden%20collector%20key',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_BSP_SCHEDULE_DELAY: '100',
    SIGNPOST_LOG_LEVEL: 'debug',
  };
});

const newTrace = () => ({ traceId: randomBytes(16).toString('hex'), spanId: randomBytes(8).toString('hex') });

async function post(
  to: ServiceProcess,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
  path = '/v1/events',
): Promise<Response> {
  return fetch(to.url + path, {
    method: 'POST',
    headers: { 'x-api-key': 'test-admin-key-0123456789', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

const childOf = (parent: CollectedSpan | { spanId: string }) => (span: CollectedSpan) =>
  span.parentSpanId === parent.spanId;

it('continues the trace of the producer through accept, workflow and attempts to the receiver', async () => {
  receiver.answerWith([500, 200]);
  const customer = await onboard(service, receiver.url('/in?token=hidden-query'), {
    retrySchedule: [1],
    headers: { 'x-own': 'hidden-header' },
  });
  const { traceId, spanId } = newTrace();
  const event = {
    type: customer.eventType,
    customerId: customer.customerId,
    data: { card: 'hidden-payload' },
  };
  const answer = await post(service, event, {
    traceparent: `00-${traceId}-${spanId}-01`,
    tracestate: 'a=hidden-state',
  });
  expect(answer.status).toBe(202);
  const [accept] = await collector.reaches(traceId, 'POST /v1/events');
  const [start] = await collector.reaches(traceId, 'start deliverNotification');
  const attempts = await collector.reaches(traceId, 'attempt', 2);
  const [run] = await collector.reaches(traceId, 'deliverNotification');
  const activities = await collector.reaches(traceId, 'deliver', 2);

  expect(accept).toMatchObject({ kind: SERVER, parentSpanId: spanId, failed: false });
  expect(accept!.attributes).toMatchObject({ 'http.route': '/v1/events' });
  expect(Number(accept!.attributes['http.response.status_code'])).toBe(202);
  expect(start).toMatchObject({ kind: PRODUCER, parentSpanId: accept!.spanId });
  expect(run).toMatchObject({ parentSpanId: start!.spanId, failed: false });
  expect(activities.every(childOf(run!))).toBe(true);
  // The head start belongs to the accept, and the retry to the activity that makes it.
  const [first, second] = attempts.sort(
    (a, b) => Number(a.attributes['signpost.attempt.number']) - Number(b.attributes['signpost.attempt.number']),
  );
  expect(first).toMatchObject({ kind: CLIENT, parentSpanId: accept!.spanId, failed: true });
  expect(first!.attributes).toMatchObject({ 'error.type': 'status', 'signpost.attempt.head_start': true });
  expect(activities.some((activity) => childOf(activity)(second!))).toBe(true);
  expect(second).toMatchObject({ failed: false, links: [] });

  await receiver.waitFor(2);
  expect(receiver.requests.map(({ headers }) => headers.traceparent)).toEqual([
    `00-${traceId}-${first!.spanId}-01`,
    `00-${traceId}-${second!.spanId}-01`,
  ]);
  expect(receiver.requests[0]!.headers.tracestate).toBeUndefined();
  expect(collector.resource).toMatchObject({
    'service.name': 'signpost',
    'signpost.role': 'all',
    'deployment.environment.name': 'test',
  });
  expect(collector.headers['x-collector-key']).toBe('hidden collector key');
  expect(collector.texts.join()).not.toMatch(/hidden|127\.0\.0\.1|token/);
}, 300_000);

it('OpenMetrics names a trace in the latency histograms, and metrics count the exported spans', async () => {
  const customer = await onboard(service, receiver.url());
  const { traceId, spanId } = newTrace();
  const event = { type: customer.eventType, customerId: customer.customerId, data: {} };
  await post(service, event, { traceparent: `00-${traceId}-${spanId}-01` });
  await collector.reaches(traceId, 'attempt');
  const scrape = async (accept: string) => {
    const response = await fetch(`${service.url}/metrics`, { headers: { accept } });
    return { type: response.headers.get('content-type'), text: await response.text() };
  };
  const names = ['attempt_duration_seconds', 'accept_to_first_attempt_seconds', 'http_request_duration_seconds'];
  const { type, text } = await until(
    () => scrape('application/openmetrics-text;version=1.0.0'),
    (seen) => /^signpost_spans_exported_total [1-9]/m.test(seen.text) && seen.text.includes(`trace_id="${traceId}"`),
  );
  expect(type).toContain('application/openmetrics-text');
  for (const name of names)
    expect(text).toMatch(new RegExp(`^signpost_${name}_bucket\\{.*\\} \\d+ # \\{trace_id="[0-9a-f]{32}"\\}`, 'm'));
  expect(text).toMatch(/^temporal_request_total\{/m);
  expect(text.endsWith('# EOF\n')).toBe(true);
  const plain = await scrape('*/*');
  expect(plain.type).toContain('text/plain');
  expect(plain.text).not.toContain('trace_id');
}, 300_000);

it('begins a trace if the producer sent no valid traceparent', async () => {
  const customer = await onboard(service, receiver.url());
  const event = { type: customer.eventType, customerId: customer.customerId, data: {} };
  for (const traceparent of ['', `ff-${'1'.repeat(32)}-${'1'.repeat(16)}-01`, 'x'.repeat(8000)])
    expect((await post(service, event, { traceparent })).status).toBe(202);
  await receiver.waitFor(3);
  const traces = receiver.requests.map(({ headers }) => String(headers.traceparent).slice(3, 35));
  expect(new Set(traces).size).toBe(3);
  expect(traces).not.toContain('1'.repeat(32));
  for (const trace of traces) expect((await collector.reaches(trace, 'attempt'))[0]!.kind).toBe(CLIENT);
}, 300_000);

it('links a manual retry to the request that asked for it, in the trace of the event', async () => {
  receiver.answerWith([410, 200]);
  const customer = await onboard(service, receiver.url(), { retrySchedule: [] });
  const { traceId, spanId } = newTrace();
  const event = { type: customer.eventType, customerId: customer.customerId, data: {} };
  const answer = await post(service, event, { traceparent: `00-${traceId}-${spanId}-01` });
  const { notifications } = (await answer.json()) as { notifications: { id: string }[] };
  const { id } = notifications[0]!;
  await service.reaches(id, 'failed');
  await service.must('PATCH', `/v1/subscriptions/${customer.subscriptionId}`, { enabled: true });
  const elsewhere = newTrace();
  const retried = await post(
    service,
    {},
    // Only posts of events continue the trace of a caller.
    { traceparent: `00-${elsewhere.traceId}-${elsewhere.spanId}-01` },
    `/v1/notifications/${id}/retry`,
  );
  expect(retried.status).toBeLessThan(300);
  await service.reaches(id, 'delivered');
  const [, manual] = (await collector.reaches(traceId, 'attempt', 2)).sort(
    (a, b) => Number(a.attributes['signpost.attempt.number']) - Number(b.attributes['signpost.attempt.number']),
  );
  expect(manual!.attributes).toMatchObject({ 'signpost.attempt.trigger': 'manual' });
  expect(manual!.links).toHaveLength(1);
  const { traceId: ofRetry } = manual!.links[0]!;
  expect(await collector.reaches(ofRetry, 'POST /v1/notifications/:id/retry')).toHaveLength(1);
  expect(collector.spans.some((span) => span.traceId === elsewhere.traceId)).toBe(false);
}, 300_000);

it('keeps each event of a burst in its own trace, which the burst links to', async () => {
  const customer = await onboard(service, receiver.url());
  const traces = Array.from({ length: 60 }, newTrace);
  const event = { type: customer.eventType, customerId: customer.customerId, data: {} };
  await Promise.all(
    traces.map(({ traceId, spanId }) => post(service, event, { traceparent: `00-${traceId}-${spanId}-01` })),
  );
  await receiver.waitFor(60, 60_000);
  for (const { traceId, spanId } of traces) {
    const [accept] = await collector.reaches(traceId, 'POST /v1/events');
    const [attempt] = await collector.reaches(traceId, 'attempt');
    expect(accept!.parentSpanId).toBe(spanId);
    expect(attempt!.parentSpanId).toBe(accept!.spanId);
  }
  const bursts = await until(
    async () => collector.spans.filter(({ name }) => name === 'burst'),
    (found) => found.length > 0,
  );
  const linked = new Set(bursts.flatMap(({ links }) => links.map(({ traceId }) => traceId)));
  expect(traces.some(({ traceId }) => linked.has(traceId))).toBe(true);
  const [burst] = bursts;
  await collector.reaches(burst!.traceId, 'start deliverBurst');
  await collector.reaches(burst!.traceId, 'deliverBurst');
}, 300_000);

it('writes the ids of the trace to the log lines of its work, and masks the headers at the start', async () => {
  receiver.answerWith(500);
  const customer = await onboard(service, receiver.url(), { retrySchedule: [] });
  const { traceId, spanId } = newTrace();
  const event = { type: customer.eventType, customerId: customer.customerId, data: {} };
  await post(service, event, { traceparent: `00-${traceId}-${spanId}-01` });
  const lines = await until(
    async () =>
      service
        .output()
        .split('\n')
        .filter((line) => line.includes(traceId)),
    (found) => found.some((line) => line.includes('an attempt failed')),
  );
  const failed = JSON.parse(lines.find((line) => line.includes('an attempt failed'))!) as Record<string, unknown>;
  const [attempt] = await collector.reaches(traceId, 'attempt');
  expect(failed).toMatchObject({ trace_id: traceId, span_id: attempt!.spanId });
  expect(service.output()).not.toContain('hidden collector key');
  expect(service.output()).not.toContain('hidden%20collector%20key');
}, 300_000);

it('passes the traceparent of the producer on, also to a retry, while tracing is off', async () => {
  const off = await startService({ databaseUrl: service.database.url, temporalAddress, env: { SIGNPOST_ROLE: 'api' } });
  try {
    receiver.answerWith([500, 200]);
    const customer = await onboard(off, receiver.url(), { retrySchedule: [1] });
    const { traceId, spanId } = newTrace();
    const event = { type: customer.eventType, customerId: customer.customerId, data: {} };
    await post(off, event, { traceparent: `00-${traceId}-${spanId}-01` });
    await receiver.waitFor(2, 60_000);
    const [first, second] = receiver.requests.map(({ headers }) => String(headers.traceparent));
    expect(first).toBe(`00-${traceId}-${spanId}-01`);
    // The worker has tracing on.
    expect(second).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    const [attempt] = await collector.reaches(traceId, 'attempt');
    expect(attempt).toMatchObject({ parentSpanId: spanId });
    await post(off, event);
    await receiver.waitFor(3);
    expect(receiver.requests[2]!.headers.traceparent).toBeUndefined();
  } finally {
    await off.stop();
  }
}, 300_000);

it('delivers and stops in time while the collector never answers', async () => {
  const hanging = await startCollector();
  hanging.answerRaw(() => undefined);
  const slow = await startService({
    databaseUrl: service.database.url,
    temporalAddress,
    env: {
      SIGNPOST_ROLE: 'api',
      SIGNPOST_SHUTDOWN_GRACE_SECONDS: '5',
      OTEL_EXPORTER_OTLP_ENDPOINT: hanging.endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_BSP_MAX_QUEUE_SIZE: '16',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '8',
    },
  });
  const customer = await onboard(slow, receiver.url());
  for (let round = 0; round < 20; round++) await customer.post();
  await receiver.waitFor(20);
  const stoppingAt = performance.now();
  expect(await slow.stop()).toBe(0);
  expect(performance.now() - stoppingAt).toBeLessThan(12_000);
  await hanging.close();
}, 300_000);

it('delivers while there is no collector, and reports it once without its answer', async () => {
  const lonely = await startService({
    databaseUrl: service.database.url,
    temporalAddress,
    env: {
      SIGNPOST_ROLE: 'api',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
  });
  try {
    const customer = await onboard(lonely, receiver.url());
    for (let round = 0; round < 5; round++) await customer.post();
    await receiver.waitFor(5);
    await until(
      async () => lonely.output(),
      (output) => output.includes('traces are not exported'),
    );
    expect(lonely.output().match(/traces are not exported/g)).toHaveLength(1);
    const metrics = await (await fetch(`${lonely.url}/metrics`)).text();
    expect(metrics).toMatch(/^signpost_spans_dropped_total\{reason="export-failed"\} [1-9]/m);
    expect(metrics).toContain('signpost_spans_exported_total 0\n');
  } finally {
    await lonely.stop();
  }
}, 300_000);
