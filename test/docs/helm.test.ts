import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { SETTINGS } from '../../src/config/settings';

/** Checks the Helm chart without helm. `npm run helm:check` renders it. */
const ROOT = path.join(__dirname, '..', '..');
const CHART = path.join(ROOT, 'deploy', 'helm', 'signpost');
const read = (...file: string[]) => readFileSync(path.join(CHART, ...file), 'utf8');
const values = parse(read('values.yaml')) as Record<string, unknown>;
const templates = readdirSync(path.join(CHART, 'templates')).map((name) => read('templates', name));
const schema = JSON.parse(read('values.schema.json')) as {
  properties: { settings: { propertyNames: { not: { enum: string[] } } } };
};
const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);

/** Merges values as helm does: objects by key, all else replaced. */
function merged(base: unknown, over: unknown): unknown {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(base) || !isObject(over)) return over;
  const keys = [...new Set([...Object.keys(base), ...Object.keys(over)])];
  return Object.fromEntries(keys.map((key) => [key, key in over ? merged(base[key], over[key]) : base[key]]));
}
const withDefaults = (over: unknown) => merged(values, over);
const needed = { publicUrl: 'https://signpost.example.com', temporal: { address: 'temporal:7233' } };

it.each(readdirSync(path.join(CHART, 'ci')))('the values of ci/%s match the schema of the chart', (name) => {
  validate(withDefaults(parse(read('ci', name))));
  expect(validate.errors ?? []).toEqual([]);
});

it.each([
  ['no public URL', {}],
  ['a public URL with a path', { ...needed, publicUrl: 'https://signpost.example.com/hooks' }],
  ['an unknown value', { ...needed, replicas: 3 }],
  ['a secret among the settings', { ...needed, settings: { SIGNPOST_MASTER_KEY: 'a' } }],
  ['a database URL among the settings', { ...needed, settings: { DATABASE_URL: 'a' } }],
  ['a setting that is no text', { ...needed, settings: { SIGNPOST_FAST_SLOTS: 7 } }],
  ['a tag as a digest', { ...needed, image: { digest: 'latest' } }],
])('the schema of the chart refuses %s', (_, over) => {
  expect(validate(withDefaults(over))).toBe(false);
});

it('the schema of the chart refuses every secret among the settings', () => {
  const refused = schema.properties.settings.propertyNames.not.enum;
  for (const [name, { secret }] of Object.entries(SETTINGS))
    if (secret && !name.includes('<NAME>') && name !== 'DATABASE_URL') expect(refused).toContain(name);
  for (const name of refused) expect(SETTINGS).toHaveProperty([name]);
});

it('the templates use only values that exist', () => {
  const used = templates.flatMap((text) =>
    [...text.matchAll(/\.Values((?:\.\w+)+)/g)].map(([, names]) => names!.slice(1).split('.')),
  );
  expect(used.length).toBeGreaterThan(20);
  for (const names of used) expect(values).toHaveProperty(names);
});

it('the templates set only settings that exist', () => {
  const names = templates.flatMap((text) =>
    [...text.matchAll(/(?:- name: |"name" ")((?:SIGNPOST|TEMPORAL)_\w+|DATABASE_URL)/g)].map(([, name]) => name!),
  );
  expect(names).toContain('SIGNPOST_MASTER_KEY');
  for (const name of names) expect(SETTINGS).toHaveProperty([name]);
});

it('the metric that scales workers exists, with its label', () => {
  const autoscaling = read('templates', 'autoscaling.yaml');
  const [, metric] = /name: (signpost_\w+)/.exec(autoscaling)!;
  const source = readFileSync(path.join(ROOT, 'src', 'process', 'open-metrics.ts'), 'utf8');
  expect(source).toContain(`name: '${metric}'`);
  expect(source).toContain("labelNames: ['status']");
  expect(autoscaling).toContain('status: pending');
});

it('the chart and docker-compose.yml have the version of package.json', () => {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(parse(read('Chart.yaml'))).toMatchObject({ version, appVersion: version });
  const compose = readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8');
  expect(new Set([...compose.matchAll(/SIGNPOST_VERSION:-([\d.]+)/g)].map(([, one]) => one))).toEqual(
    new Set([version]),
  );
});
