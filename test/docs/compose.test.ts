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
  build?: string | { context: string; args: Record<string, string> };
  env_file?: { path: string; required: boolean }[];
  healthcheck?: object;
  image?: string;
  ports?: string[];
  profiles?: string[];
  networks?: string[];
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  user?: string;
  read_only?: boolean;
  volumes?: string[];
}
interface Compose {
  services: Record<string, ComposeService>;
  networks: Record<string, { internal?: boolean; ipam?: { config: { subnet: string }[] } } | null>;
  volumes: Record<string, null>;
}
const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose;
const ours = Object.entries(compose.services).filter(([, { environment }]) => environment?.SIGNPOST_ROLE);
const images = () =>
  Object.values(compose.services).flatMap(({ image, build }) => (build === undefined ? [image!] : []));

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

it('docker-compose.yml runs two APIs and two workers from one image', () => {
  expect(ours.map(([name, { environment }]) => [name, environment?.SIGNPOST_ROLE])).toEqual([
    ['api-1', 'api'],
    ['api-2', 'api'],
    ['worker-1', 'worker'],
    ['worker-2', 'worker'],
  ]);
  expect(new Set(ours.map(([, { image }]) => image)).size).toBe(1);
});

it('docker-compose.yml starts the API without Temporal', () => {
  expect(Object.keys(compose.services['api-1']!.depends_on!)).toEqual(['postgres']);
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

it('docker-compose.yml publishes the proxy on the loopback address by default, and the rest only there and if asked', () => {
  const published = Object.entries(compose.services).flatMap(([name, { ports = [], profiles }]) =>
    ports.map((port) => [name, substitute(port, {}), profiles?.[0] ?? 'always']),
  );
  expect(published).toEqual([
    ['proxy', '127.0.0.1:80:8080', 'always'],
    ['proxy', '127.0.0.1:443:8443', 'always'],
    ['temporal-ui', '127.0.0.1:8233:8080', 'temporal-ui'],
    ['prometheus', '127.0.0.1:9090:9090', 'observability'],
    ['grafana', '127.0.0.1:3000:3000', 'observability'],
  ]);
});

it('docker-compose.yml drops all capabilities, and runs no container as root', () => {
  for (const [name, service] of Object.entries(compose.services)) {
    const { cap_drop: dropped, security_opt: options } = service;
    expect({ name, dropped, options }).toEqual({ name, dropped: ['ALL'], options: ['no-new-privileges:true'] });
    // Of the Temporal UI, the image sets the user.
    if (name !== 'temporal-ui')
      expect({ name, user: service.user }).toEqual({ name, user: expect.not.stringMatching(/^(0|root)\b/) });
  }
  expect(
    Object.entries(compose.services).flatMap(([name, { cap_add: added = [] }]) => added.map((one) => [name, one])),
  ).toEqual([['proxy', 'NET_BIND_SERVICE']]);
});

it('docker-compose.yml makes the file systems of containers read-only', () => {
  const writable = Object.entries(compose.services).filter(([, { read_only: readOnly }]) => readOnly !== true);
  expect(writable.map(([name]) => name)).toEqual(['temporal-ui']);
});

it('the Temporal UI of docker-compose.yml cannot write or reach Postgres', () => {
  const ui = compose.services['temporal-ui']!;
  expect(substitute(ui.environment!.TEMPORAL_DISABLE_WRITE_ACTIONS!, {})).toBe('true');
  expect(ui.networks).not.toContain('postgres');
});

it('the API of docker-compose.yml trusts the network of the proxy, which nothing else is in', () => {
  const subnet = compose.networks.proxy!.ipam!.config[0]!.subnet;
  for (const name of ['api-1', 'api-2'])
    expect(compose.services[name]!.environment!.SIGNPOST_TRUSTED_PROXIES).toBe(subnet);
  const members = Object.entries(compose.services).filter(([, { networks = [] }]) => networks.includes('proxy'));
  expect(members.map(([name]) => name)).toEqual(['proxy', 'api-1', 'api-2']);
});

it('docker-compose.yml names only its own networks and volumes', () => {
  for (const { networks = [], volumes = [] } of Object.values(compose.services)) {
    for (const name of networks) expect(compose.networks).toHaveProperty([name]);
    for (const volume of volumes.filter((one) => !one.startsWith('.')))
      expect(compose.volumes).toHaveProperty([volume.split(':')[0]!]);
  }
});

it('Postgres of docker-compose.yml has connections for all processes', () => {
  const [, most] = /^max_connections=(\d+)$/.exec(compose.services.postgres!.command!.at(-1)!)!;
  const { SQL_MAX_CONNS: sql, SQL_VIS_MAX_CONNS: visibility } = compose.services.temporal!.environment!;
  // At most 32 for each process of Signpost. The settings of Temporal are for each of 4 services.
  const needed = 32 * ours.length + 4 * (Number(sql) + Number(visibility));
  expect(needed).toBeLessThan(Number(most));
});

it('the server and the tools of Temporal have the same version', () => {
  const tags = images().flatMap((image) => /^temporalio\/(?:server|admin-tools):(.*)/.exec(image)?.[1] ?? []);
  expect(tags.length).toBe(3);
  expect(new Set(tags).size).toBe(1);
});

it('every image has a fixed version', () => {
  const bases = ['Dockerfile', 'deploy/proxy/Dockerfile'].flatMap((file) =>
    [...read(file).matchAll(/^(?:FROM|ARG NODE_IMAGE=) *([\w./-]+:\S+)/gm)].map(([, name]) => name!),
  );
  expect(bases).toHaveLength(2);
  expect(images().length).toBeGreaterThan(6);
  for (const image of [...images(), ...bases]) expect(image).toMatch(/:v?\d[\w.-]*$/);
});

it('the Dockerfile, .nvmrc and engines agree on Node', () => {
  const [, version] = /^ARG NODE_IMAGE=node:([\d.]+)-/m.exec(read('Dockerfile'))!;
  expect(version!.split('.')[0]).toBe(read('.nvmrc').trim());
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
  expect(satisfiesAtLeast(version!, engines.node)).toBe(true);
  // Earlier ones misread keys (docs/adr/0014-node-version.md).
  expect(satisfiesAtLeast(version!, '>=24.22.3')).toBe(true);
});

/** Whether a version is at least that of a range such as `>=20.19`. */
function satisfiesAtLeast(version: string, range: string): boolean {
  const numbers = (text: string) => text.split('.').map(Number);
  const [actual, least] = [numbers(version), numbers(range.replace('>=', ''))];
  const at = actual.findIndex((part, index) => part !== (least[index] ?? 0));
  return at === -1 || actual[at]! > (least[at] ?? 0);
}

it('Prometheus of docker-compose.yml scrapes every process of Signpost, and Temporal', () => {
  const { scrape_configs: jobs } = parse(read('deploy/observability/prometheus.yml')) as {
    scrape_configs: { static_configs: { targets: string[] }[] }[];
  };
  const targets = jobs.flatMap(({ static_configs: configs }) => configs.flatMap(({ targets: names }) => names));
  expect(targets).toEqual([
    ...ours.map(([name, { environment }]) => `${name}:${environment!.SIGNPOST_METRICS_PORT}`),
    'temporal:8000',
  ]);
  expect(compose.services.temporal!.environment!.PROMETHEUS_ENDPOINT).toBe('0.0.0.0:8000');
  for (const name of [...ours.map(([one]) => one), 'temporal', 'prometheus'])
    expect(compose.services[name]!.networks).toContain('metrics');
});

it('Prometheus and Grafana of docker-compose.yml find the alert rules, their data source and the dashboard', () => {
  const mounted = (service: string) => compose.services[service]!.volumes!.map((volume) => volume.split(':'));
  const fileAt = (service: string, target: string) => {
    const [source, at] = mounted(service).find(([, prefix]) => target.startsWith(prefix!))!;
    return path.join(ROOT, source!, target.slice(at!.length));
  };
  const prometheus = parse(read('deploy/observability/prometheus.yml')) as { rule_files: string[] };
  expect(prometheus.rule_files.length).toBeGreaterThan(0);
  for (const file of prometheus.rule_files) expect(existsSync(fileAt('prometheus', file))).toBe(true);
  for (const folder of ['datasources/prometheus.yml', 'dashboards/signpost.yml'])
    expect(existsSync(fileAt('grafana', `/etc/grafana/provisioning/${folder}`))).toBe(true);
  const { providers } = parse(read('deploy/observability/grafana/dashboards/signpost.yml')) as {
    providers: { options: { path: string } }[];
  };
  const dashboards = mounted('grafana').filter(([, target]) => target!.endsWith('.json'));
  expect(dashboards.map(([, target]) => path.posix.dirname(target!))).toEqual([providers[0]!.options.path]);
});

it('the Caddyfile reads only variables that docker-compose.yml or its defaults set', () => {
  const names = [...read('deploy/proxy/Caddyfile').matchAll(/\{\$(\w+)(:[^}]*)?\}/g)];
  expect(names.map(([, name]) => name)).toEqual(
    expect.arrayContaining(Object.keys(compose.services.proxy!.environment!)),
  );
  for (const [, name, byDefault] of names)
    expect(byDefault !== undefined || name! in compose.services.proxy!.environment!).toBe(true);
});

it('docker-compose.yml mounts only existing files', () => {
  const files = Object.values(compose.services).flatMap(({ volumes = [] }) =>
    volumes.filter((volume) => volume.startsWith('./')).map((volume) => volume.split(':')[0]!),
  );
  expect(files).toHaveLength(7);
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
    expect(config.publicUrl).toBe('https://localhost');
    expect(config.allowUrls).toEqual([]);
  }
});

it('docker-compose.yml gives API and worker data sources from one optional file', () => {
  for (const [, { env_file: files }] of ours) expect(files).toEqual([{ path: 'datasources.env', required: false }]);
  expect(read('docs/producers/service-definitions.md')).toContain('`datasources.env`');
  expect(read('.gitignore').split('\n')).toContain('datasources.env');
  expect(read('.dockerignore').split('\n')).toEqual(expect.arrayContaining(['.env', 'datasources.env']));
});

it('.env.example has every required variable, and none that nothing reads', () => {
  const named = (pattern: RegExp) => [...read('docker-compose.yml').matchAll(pattern)].map(([, name]) => name!);
  const offered = read('.env.example').match(/^\w+(?==)/gm) ?? [];
  const needed = named(/\$\{(\w+):\?/g);
  expect(new Set(needed).size).toBeGreaterThan(2);
  for (const name of needed) expect(offered).toContain(name);
  for (const name of offered) expect(named(/\$\{(\w+)/g)).toContain(name);
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
