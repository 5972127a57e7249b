import { execFileSync } from 'node:child_process';
import type { Registry } from 'prom-client';
import { registerAllMetrics } from '../support/all-metrics';

let registry: Registry;
beforeAll(async () => (registry = await registerAllMetrics()));

/** Cookies, whose names begin like those of metrics. */
const COOKIES = ['signpost_sign_in', 'signpost_session', 'signpost_portal'];

/** Names of metrics as they are written in the sources. */
function namesInSources(): string[] {
  const found = execFileSync('grep', ['-rhoE', `'signpost_[a-z0-9_]+'`, 'src'], { encoding: 'utf8' });
  return [...new Set(found.split('\n').filter(Boolean))].map((name) => name.slice(1, -1));
}

it('every metric of the sources is registered', () => {
  const registered = new Set(registry.getMetricsAsArray().map(({ name }) => name));
  const missing = namesInSources().filter((name) => !registered.has(name) && !COOKIES.includes(name));
  expect(missing).toEqual([]);
});

it('names of metrics follow the rules that promtool checks', () => {
  const faults = registry.getMetricsAsArray().flatMap(({ name, help, type }) => {
    const kind = String(type);
    return [
      ...(/^[a-z][a-z0-9_]*$/.test(name) ? [] : [`${name}: not in snake case`]),
      ...(help ? [] : [`${name}: no help`]),
      ...((kind === 'counter') === name.endsWith('_total') ? [] : [`${name}: only counters end in _total`]),
      ...(/_(count|sum|bucket)$/.test(name) ? [`${name}: looks like a part of a histogram`] : []),
      ...(/_(milliseconds|minutes|hours|kilobytes|percent)(_|$)/.test(name) ? [`${name}: not a base unit`] : []),
    ];
  });
  expect(faults).toEqual([]);
});

it('every line of a scrape is in the text format of Prometheus', async () => {
  const text = await registry.metrics();
  expect(text.endsWith('\n')).toBe(true);
  const label = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
  const sample = new RegExp(
    `^[a-zA-Z_:][a-zA-Z0-9_:]*(?:\\{${label}(?:,${label})*\\})? (?:[-+]?[0-9.]+(?:e[-+]?[0-9]+)?|NaN|[+-]Inf)$`,
    // prom-client writes Nan, and Prometheus reads numbers without regard to case.
    'i',
  );
  const wrong = text.split('\n').filter((line) => line !== '' && !/^# (HELP|TYPE) /.test(line) && !sample.test(line));
  expect(wrong).toEqual([]);
});

it('gauges of the whole database say how they are aggregated', () => {
  for (const name of [
    'signpost_notifications',
    'signpost_oldest_open_seconds',
    'signpost_overdue_notifications',
    'signpost_partitions',
    'signpost_partitions_ahead',
    'signpost_default_partition_rows',
    'signpost_deployment_workers',
    'signpost_master_key_seals',
  ])
    expect(registry.getMetricsAsArray().find((metric) => metric.name === name)?.help).toMatch(/max, not sum/);
});

it('pools report their connections and their limit', async () => {
  const text = await registry.metrics();
  expect(text).toContain('signpost_database_connections_allowed{pool="path"} 10');
  expect(text).toContain('signpost_database_connections{pool="path"} 2');
  expect(text).toContain('signpost_database_connections_in_use{pool="path"} 1');
});

it('build info names the version and the role', async () => {
  expect(await registry.metrics()).toMatch(/^signpost_build_info\{version="\d[^"]*",node="[^"]+",role="all"\} 1$/m);
});
