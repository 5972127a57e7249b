import { Registry, type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** One of the two formats in which Prometheus reads metrics. Only OpenMetrics has exemplars. */
export type MetricsFormat = 'text' | 'openMetrics';

export const CONTENT_TYPES: Record<MetricsFormat, string> = {
  text: Registry.PROMETHEUS_CONTENT_TYPE,
  openMetrics: Registry.OPENMETRICS_CONTENT_TYPE,
};

const OPEN_METRICS_TYPE = 'application/openmetrics-text';
const TEXT_TYPE = 'text/plain';

/** What prom-client has of a metric; its types leave out the two optional fields. */
type Value = MetricValue<string> & {
  metricName?: string;
  exemplar?: { labelSet: Record<string, string>; value: number; timestamp: number } | null;
};

/** Chooses by the header `Accept`. Prometheus prefers OpenMetrics, and others get text. */
export function metricsFormatOf(accept: string | undefined): MetricsFormat {
  const weights = new Map<string, number>();
  for (const range of (accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const weight = q === undefined ? 1 : Number(q.slice(2)) || 0;
    weights.set(type, Math.max(weight, weights.get(type) ?? 0));
  }
  const wanted = weights.get(OPEN_METRICS_TYPE) ?? 0;
  return wanted > 0 && wanted >= (weights.get(TEXT_TYPE) ?? 0) ? 'openMetrics' : 'text';
}

/**
 * Renders metrics of prom-client as OpenMetrics, without the end of the document. prom-client can
 * do so itself, but it renames its counters for good then, and they are missing from the text.
 */
export function formatOpenMetrics(metrics: readonly MetricObjectWithValues<MetricValue<string>>[]): string {
  const lines: string[] = [];
  for (const { name, help, type, values } of metrics) {
    const family = String(type) === 'counter' ? name.replace(/_total$/, '') : name;
    lines.push(`# HELP ${family} ${escape(help)}`, `# TYPE ${family} ${type}`);
    for (const { metricName = name, labels, value, exemplar } of values as Value[]) {
      const sample = `${metricName}${formatLabels(labels)} ${formatNumber(value)}`;
      lines.push(exemplar ? `${sample} # ${formatExemplar(exemplar)}` : sample);
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Turns metrics in the text format into OpenMetrics, without the end of the document. */
export function textToOpenMetrics(text: string): string {
  const counters = [...text.matchAll(/^# TYPE (\w+)_total counter$/gm)].map(([, family]) => family!);
  const families = new Map(counters.map((family) => [`${family}_total`, family]));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, keyword, name, rest] = /^# (HELP|TYPE) (\S+)(.*)$/.exec(line) ?? [];
      if (name === undefined) return `${line}\n`;
      const described = keyword === 'HELP' ? rest!.replaceAll('"', '\\"') : rest;
      return `# ${keyword} ${families.get(name) ?? name}${described}\n`;
    })
    .join('');
}

function formatLabels(labels: Partial<Record<string, string | number>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(String(value))}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}

function formatExemplar({ labelSet, value, timestamp }: NonNullable<Value['exemplar']>): string {
  return `${formatLabels(labelSet)} ${formatNumber(value)} ${timestamp}`;
}

function formatNumber(value: number): string {
  return Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}

function escape(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
