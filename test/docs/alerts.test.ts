import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Registry } from 'prom-client';
import { parse } from 'yaml';
import { registerAllMetrics } from '../support/all-metrics';

/** Checks the alert rules and the dashboard against the metrics that the code exports. */
const read = (file: string) => readFileSync(path.join(__dirname, '..', '..', file), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook_url: string };
}
interface Panel {
  id: number;
  title: string;
  targets?: { expr: string; legendFormat: string }[];
  gridPos: { x: number; y: number; w: number; h: number };
}

const { groups } = parse(read('deploy/observability/prometheus-rules.yml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboard = JSON.parse(read('deploy/observability/grafana-dashboard.json')) as { panels: Panel[] };
const panelTargets = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map((target) => ({ title, ...target })),
);

/** Of Temporal's SDK, which has no list. `npm run cluster -- --observe` checks it. */
const SDK_METRICS: Record<string, string[]> = {
  temporal_workflow_task_schedule_to_start_latency_seconds_bucket: ['task_queue', 'le'],
  temporal_activity_schedule_to_start_latency_seconds_bucket: ['task_queue', 'le'],
  temporal_worker_task_slots_available: ['task_queue', 'worker_type'],
  temporal_request_latency_seconds_bucket: ['operation', 'le'],
  temporal_request_failure_total: ['operation'],
  temporal_sticky_cache_size: ['task_queue'],
};

/** Labels that Prometheus adds. */
const SCRAPE_LABELS = ['job', 'instance'];

let registry: Registry;
let labelsByMetric: Map<string, string[]>;
beforeAll(async () => {
  registry = await registerAllMetrics();
  labelsByMetric = new Map(
    registry.getMetricsAsArray().flatMap((metric) => {
      const { name, type, labelNames } = metric as typeof metric & { labelNames: string[] };
      return String(type) === 'histogram'
        ? [
            [`${name}_bucket`, [...labelNames, 'le']],
            [`${name}_count`, labelNames],
            [`${name}_sum`, labelNames],
          ]
        : [[name, labelNames]];
    }),
  );
  labelsByMetric.set('up', []);
  for (const [name, labels] of Object.entries(SDK_METRICS)) labelsByMetric.set(name, labels);
});

/** The metrics of an expression, with the labels that select series or group them. */
function usesOf(expr: string): { metrics: string[]; labels: string[] } {
  const withoutTexts = expr.replace(/"[^"]*"/g, '""');
  const metrics = [...withoutTexts.matchAll(/\b(?:(?:signpost|process|nodejs|temporal)_\w+|up)\b/g)].map(
    ([name]) => name,
  );
  const selected = [...withoutTexts.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*""/g)].map(([, label]) => label!);
  const grouped = [...withoutTexts.matchAll(/\b(?:by|without)\s*\(([^)]*)\)/g)].flatMap(([, list]) =>
    list!.split(',').map((label) => label.trim()),
  );
  return { metrics, labels: [...selected, ...grouped] };
}

function faultsOf(expr: string): string[] {
  const { metrics, labels } = usesOf(expr);
  if (metrics.length === 0) return ['it names no metric'];
  const unknown = metrics.filter((name) => !labelsByMetric.has(name));
  const known = new Set([...SCRAPE_LABELS, ...metrics.flatMap((name) => labelsByMetric.get(name) ?? [])]);
  return [...unknown, ...labels.filter((label) => !known.has(label))];
}

const usedByAll = () => [...rules.map(({ expr }) => expr), ...panelTargets.map(({ expr }) => expr)];

it.each(rules)('the alert $alert names metrics and labels that the code exports', ({ expr }) => {
  expect(faultsOf(expr)).toEqual([]);
});

it.each(panelTargets)('the panel $title names metrics and labels that the code exports: $legendFormat', (target) => {
  expect(faultsOf(target.expr)).toEqual([]);
  const inLegend = [...target.legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
  expect(usesOf(target.expr).labels).toEqual(expect.arrayContaining(inLegend));
});

it('metrics and labels that the code does not export are found', () => {
  expect(faultsOf('max(signpost_notification)')).toEqual(['signpost_notification']);
  expect(faultsOf('max by (pool) (signpost_notifications{state="pending"})')).toEqual(['state', 'pool']);
});

it('gauges of the whole database are aggregated with max, everywhere', () => {
  const wide = registry.getMetricsAsArray().filter(({ help }) => /max, not sum/.test(help));
  expect(wide.length).toBeGreaterThan(5);
  for (const { name } of wide)
    for (const expr of usedByAll())
      expect(expr).not.toMatch(new RegExp(`(sum|avg)\\s*(?:by\\s*\\([^)]*\\)\\s*)?\\(${name}\\b`));
});

it('each alert links to its section of the runbook, and each section belongs to an alert', () => {
  const sections = [...read('docs/operators/alerts.md').matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  expect(sections).toEqual(rules.map(({ alert }) => alert));
  for (const { alert, annotations, labels } of rules) {
    expect(annotations.runbook_url).toMatch(new RegExp(`/docs/operators/alerts\\.md#${alert.toLowerCase()}$`));
    expect(annotations.summary).toBeTruthy();
    expect(['critical', 'warning']).toContain(labels.severity);
  }
});

it('panels of the dashboard have ids of their own and do not overlap', () => {
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)}/${y + Math.floor(index / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
});
