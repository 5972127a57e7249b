import { Counter, Gauge } from 'prom-client';
import { createHttpMetrics } from '../../src/process/http-metrics';
import { createMetrics } from '../../src/process/metrics';
import { metricsFormatOf, textToOpenMetrics } from '../../src/process/metrics-format';
import { MetricsRegistry } from '../../src/process/metrics-registry';
import { registerAllMetrics } from '../support/all-metrics';

const TRACE = 'c'.repeat(32);
const traceparent = (flags: string) => `00-${TRACE}-${'d'.repeat(16)}-${flags}`;
const exemplars = (text: string) => text.split('\n').filter((line) => line.includes(' # '));

it.each([
  ['application/openmetrics-text', 'openMetrics'],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;q=0.3,*/*;q=0.1',
    'openMetrics',
  ],
  ['text/plain, application/openmetrics-text;q=0.5', 'text'],
  ['application/openmetrics-text;q=0', 'text'],
  ['application/openmetrics-text;q=many', 'text'],
  ['*/*', 'text'],
  ['', 'text'],
  [undefined, 'text'],
])('a scrape that accepts %s gets %s', (accept, format) => {
  expect(metricsFormatOf(accept)).toBe(format);
});

it('OpenMetrics names the trace of a duration in the bucket that it fell into', async () => {
  const { registry, attemptDuration } = createMetrics(undefined, true);
  createHttpMetrics(registry, true).observe({
    route: '/v1/events',
    method: 'POST',
    status: 202,
    seconds: 0.02,
    traceparent: traceparent('01'),
  });
  attemptDuration.observe(400, traceparent('01'));
  attemptDuration.observe(0.2);
  const [http, attempt, ...others] = exemplars(await registry.openMetrics())
    .sort()
    .reverse();
  expect(others).toEqual([]);
  const exemplar = (value: number) => ` # {trace_id="${TRACE}"} ${value} `;
  expect(http).toContain(
    '_seconds_bucket{le="0.025",route="/v1/events",method="POST",status="2xx"} 1' + exemplar(0.02),
  );
  expect(attempt).toContain(`signpost_attempt_duration_seconds_bucket{le="+Inf"} 2` + exemplar(400));
  expect(Number(attempt!.split(' ').at(-1))).toBeGreaterThan(Date.now() / 1000 - 60);
});

it('has no exemplar of a trace that is not sampled, nor while traces are off', async () => {
  const on = createMetrics(undefined, true);
  on.attemptDuration.observe(1, traceparent('00'));
  expect(exemplars(await on.registry.openMetrics())).toEqual([]);
  const off = createMetrics();
  off.attemptDuration.observe(1, traceparent('01'));
  const text = await off.registry.openMetrics();
  expect(exemplars(text)).toEqual([]);
  expect(text).toContain('signpost_attempt_duration_seconds_count 1\n');
});

it('the text format has no exemplars, and the same names after a scrape as OpenMetrics', async () => {
  const { registry, accepted, attemptDuration } = createMetrics(undefined, true);
  accepted.inc();
  attemptDuration.observe(1, traceparent('01'));
  const names = (text: string) => [...text.matchAll(/^(\w+)[{ ]/gm)].map(([, name]) => name);
  const before = await registry.metrics();
  const open = await registry.openMetrics();
  const after = await registry.metrics();
  expect(exemplars(after)).toEqual([]);
  expect(names(after)).toEqual(names(before));
  expect(new Set(names(open))).toEqual(new Set(names(before)));
  expect(open).toContain('# TYPE signpost_events_accepted counter\nsignpost_events_accepted_total 1\n');
});

it('OpenMetrics has one block for each family, no empty line, and an end', async () => {
  const text = await (await registerAllMetrics()).openMetrics();
  expect(text).not.toMatch(/^$(?!\n?$)/m);
  expect(text.endsWith('\n# EOF\n')).toBe(true);
  const lines = text.trimEnd().split('\n').slice(0, -1);
  const families = lines.flatMap((line) => /^# TYPE (\S+) /.exec(line)?.[1] ?? []);
  expect(new Set(families).size).toBe(families.length);
  let family = '';
  for (const line of lines) {
    family = /^# HELP (\S+) /.exec(line)?.[1] ?? family;
    expect(line.replace(/^# (HELP|TYPE) /, '').startsWith(family)).toBe(true);
  }
});

it('OpenMetrics escapes quotes, and writes numbers that are not finite', async () => {
  const registry = new MetricsRegistry();
  const registers = [registry];
  new Gauge({ name: 'odd', help: 'Says "odd"\\', registers, labelNames: ['of'] }).set({ of: 'a"b\\c\nd' }, Infinity);
  new Gauge({ name: 'none', help: 'none', registers }).set(NaN);
  new Counter({ name: 'calls_total', help: 'Calls.', registers });
  expect(await registry.openMetrics()).toBe(
    [
      '# HELP odd Says \\"odd\\"\\\\',
      '# TYPE odd gauge',
      'odd{of="a\\"b\\\\c\\nd"} +Inf',
      '# HELP none none',
      '# TYPE none gauge',
      'none NaN',
      '# HELP calls Calls.',
      '# TYPE calls counter',
      'calls_total 0',
      '# EOF',
      '',
    ].join('\n'),
  );
});

it('metrics of other sources become OpenMetrics', () => {
  const text = [
    '# HELP temporal_request_total Calls "made"',
    '# TYPE temporal_request_total counter',
    'temporal_request_total{operation="X"} 3',
    '',
    '# TYPE temporal_slots gauge',
    'temporal_slots 2',
    '',
  ].join('\n');
  expect(textToOpenMetrics(text)).toBe(
    [
      '# HELP temporal_request Calls \\"made\\"',
      '# TYPE temporal_request counter',
      'temporal_request_total{operation="X"} 3',
      '# TYPE temporal_slots gauge',
      'temporal_slots 2',
      '',
    ].join('\n'),
  );
});
