import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config';
import { SETTINGS } from '../../src/config/settings';

/**
 * Checks the deployment files against the compose specification and the files they name. Needs no
 * Docker engine.
 */
const ROOT = path.join(__dirname, '..', '..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

interface ComposeService {
  environment?: Record<string, string>;
  command?: string[];
  depends_on?: Record<string, { condition: string }>;
  build?: string;
  env_file?: { path: string; required: boolean }[];
  healthcheck?: object;
  image?: string;
  ports?: string[];
  profiles?: string[];
  networks?: string[];
  cap_drop?: string[];
  security_opt?: string[];
  read_only?: boolean;
  volumes?: string[];
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, ComposeService> };
const ours = Object.entries(compose.services).filter(([, { build }]) => build !== undefined);

/** Substitutes `${NAME:-default}` and `${NAME:?message}` as a shell does. */
function substitute(text: string, values: Record<string, string>): string {
  return text.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind: string, rest: string) => {
    const value = values[name];
    if (value) return value;
    if (kind === '?') throw new Error(`${name}: ${rest}`);
    return kind === '-' ? rest : '';
  });
}

it('docker-compose.yml is valid by the compose specification', () => {
  const schema = JSON.parse(read('node_modules/dclint/schemas/compose.schema.json')) as { $schema?: string };
  delete schema.$schema;
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const validate = ajv.compile(schema);
  validate(compose);
  expect(validate.errors ?? []).toEqual([]);
  expect(validate({ services: { api: { image: 7 } } })).toBe(false);
});

it('docker-compose.yml runs API and worker from one image, beside Postgres and Temporal with its UI', () => {
  expect(ours.map(([name, { environment }]) => [name, environment?.SIGNPOST_ROLE])).toEqual([
    ['api', 'api'],
    ['worker', 'worker'],
  ]);
  expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(['postgres', 'temporal', 'temporal-ui']));
});

it('docker-compose.yml lets services wait only for services with a health check, or for jobs', () => {
  for (const { depends_on: dependencies = {} } of Object.values(compose.services)) {
    for (const [name, { condition }] of Object.entries(dependencies)) {
      expect(compose.services[name]).toBeDefined();
      expect(condition).toMatch(/^service_(healthy|completed_successfully)$/);
      if (condition === 'service_healthy') expect(compose.services[name]!.healthcheck).toBeDefined();
    }
  }
});

it('docker-compose.yml publishes the API on the loopback address, and nothing else unless asked', () => {
  const published = Object.entries(compose.services).flatMap(([name, { ports = [], profiles }]) =>
    ports.map((port) => ({ name, port, always: profiles === undefined })),
  );
  expect(published).toEqual([
    { name: 'api', port: '127.0.0.1:8080:8080', always: true },
    { name: 'temporal-ui', port: '127.0.0.1:8233:8080', always: false },
  ]);
});

it('docker-compose.yml hardens every container, and the Temporal UI cannot write or reach Postgres', () => {
  for (const [name, { cap_drop: dropped, security_opt: options }] of Object.entries(compose.services))
    expect({ name, dropped, options }).toEqual({ name, dropped: ['ALL'], options: ['no-new-privileges:true'] });
  for (const [, { read_only: readOnly }] of ours) expect(readOnly).toBe(true);
  const ui = compose.services['temporal-ui']!;
  expect(substitute(ui.environment!.TEMPORAL_DISABLE_WRITE_ACTIONS!, {})).toBe('true');
  expect(ui.networks).not.toContain('postgres');
});

it('every image has a fixed version', () => {
  const images = Object.values(compose.services).flatMap(({ image, build }) => (build ? [] : [image!]));
  expect(images.length).toBeGreaterThan(4);
  for (const image of [...images, ...[...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, name]) => name!)])
    expect(image).toMatch(/:\d[\w.-]*$/);
});

it('docker-compose.yml mounts only existing files', () => {
  const files = Object.values(compose.services).flatMap(({ volumes = [] }) =>
    volumes.filter((volume) => volume.startsWith('./')).map((volume) => volume.split(':')[0]!),
  );
  expect(files).toHaveLength(2);
  for (const file of files) expect(existsSync(path.join(ROOT, file))).toBe(true);
});

it('docker-compose.yml uses only existing settings, with valid values', () => {
  const env = {
    SIGNPOST_DATABASE_PASSWORD: 'secret',
    SIGNPOST_MASTER_KEY: Buffer.alloc(32).toString('base64'),
    SIGNPOST_ADMIN_KEY: 'an-admin-key-of-some-length',
  };
  for (const [, { environment = {} }] of ours) {
    expect(Object.keys(environment).filter((name) => !(name in SETTINGS))).toEqual([]);
    const values = Object.fromEntries(Object.entries(environment).map(([name, text]) => [name, substitute(text, env)]));
    const config = loadConfig(values);
    expect(config.databaseUrl).toBe('postgres://signpost:secret@postgres:5432/signpost');
    expect(config.allowUrls).toEqual([]);
  }
});

it('docker-compose.yml gives API and worker data sources from one optional file', () => {
  for (const [, { env_file: files }] of ours) expect(files).toEqual([{ path: 'datasources.env', required: false }]);
  expect(read('docs/producers/service-definitions.md')).toContain('`datasources.env`');
  expect(read('.gitignore').split('\n')).toContain('datasources.env');
  expect(read('.dockerignore').split('\n')).toEqual(expect.arrayContaining(['.env', 'datasources.env']));
});

it('.env.example has every required variable', () => {
  const needed = [...read('docker-compose.yml').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name!);
  const offered = read('.env.example').match(/^\w+(?==)/gm) ?? [];
  expect(new Set(needed).size).toBeGreaterThan(2);
  for (const name of needed) expect(offered).toContain(name);
});

it('the Dockerfile starts the built program and copies only existing files', () => {
  const dockerfile = read('Dockerfile');
  const [, command] = /^CMD (\[.*\])$/m.exec(dockerfile)!;
  const [program, entry] = JSON.parse(command!) as string[];
  expect(program).toBe('node');
  // dist/main.js is compiled from src/main.ts, which runs the service if it is the main module.
  expect(existsSync(path.join(ROOT, entry!.replace(/^dist/, 'src').replace(/\.js$/, '.ts')))).toBe(true);
  expect(read('src/main.ts')).toContain('require.main === module');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \.\/$/gm)].flatMap(([, files]) => files!.split(' '));
  expect(copied.length).toBeGreaterThan(0);
  for (const file of copied) expect(existsSync(path.join(ROOT, file))).toBe(true);
  expect(read('package.json')).toContain(`"build": "node scripts/build.mjs"`);
});
