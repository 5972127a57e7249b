import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '../../src/config';
import { maskedSummary } from '../../src/config/masked-summary';
import { SETTINGS } from '../../src/config/settings';
import { faultsOf } from '../support/config-faults';

/** Secret settings that are read from files. */
let dir: string;
beforeEach(() => void (dir = mkdtempSync(path.join(tmpdir(), 'signpost-secrets-'))));
afterEach(() => rmSync(dir, { recursive: true }));

function file(name: string, content: string): string {
  const place = path.join(dir, name);
  writeFileSync(place, content);
  return place;
}

const POSTGRES = 'postgres://signpost:hidden-password@db.example:5432/signpost';
/** A valid value of every setting that is a secret. */
const VALUES: Record<string, string> = {
  SIGNPOST_ADMIN_KEY: 'hidden-admin-key-of-24-ch',
  SIGNPOST_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
  SIGNPOST_MASTER_KEY_PREVIOUS: Buffer.alloc(32, 2).toString('base64'),
  SIGNPOST_OIDC_CLIENT_SECRET: 'hidden-client-secret',
  SIGNPOST_EGRESS_PROXY: 'http://hidden-user:hidden-password@proxy.example:3128',
  DATABASE_URL: POSTGRES,
  SIGNPOST_MIGRATION_DATABASE_URL: POSTGRES.replace('db.', 'direct.'),
  SIGNPOST_DATASOURCE_LEDGER_DB_URL: POSTGRES.replace('db.', 'ledger.'),
  TEMPORAL_API_KEY: 'hidden-temporal-key',
  OTEL_EXPORTER_OTLP_HEADERS: 'x-key=hidden-collector-key',
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-key=hidden-traces-key',
};
const TRACES = { OTEL_TRACES_EXPORTER: 'otlp' };
const OIDC = {
  SIGNPOST_OIDC_ISSUER: 'https://id.example',
  SIGNPOST_OIDC_CLIENT_ID: 'signpost',
  SIGNPOST_OIDC_ROLES: 'admins=admin',
};
const secretNames = Object.entries(SETTINGS)
  .filter(([, setting]) => 'secret' in setting)
  .map(([name]) => name.replace('<NAME>', 'LEDGER_DB'));

it('has a value for each secret setting', () => {
  expect(Object.keys(VALUES).sort()).toEqual(secretNames.sort());
});

it('reads every secret setting from a file as from its variable', () => {
  const fromFiles = Object.fromEntries(
    Object.entries(VALUES).map(([name, value]) => [`${name}_FILE`, file(name, `${value}\n`)]),
  );
  const config = loadConfig({ ...OIDC, ...TRACES, ...fromFiles });
  const fromVariables = loadConfig({ ...OIDC, ...TRACES, ...VALUES });
  // The file of this one is read again while the process runs.
  const apiKeyFile = fromFiles.TEMPORAL_API_KEY_FILE;
  expect(config).toEqual({ ...fromVariables, temporal: { ...fromVariables.temporal, apiKeyFile } });
  expect(JSON.stringify(maskedSummary(config))).not.toContain('hidden');
});

it.each([
  ['secret', 'secret'],
  ['secret\n', 'secret'],
  ['secret\r\n', 'secret'],
  ['secret\n\n', 'secret\n'],
  [' secret ', ' secret '],
])('takes %j as it is, but for one line break at the end', (content, value) => {
  const env = { ...OIDC, SIGNPOST_OIDC_CLIENT_SECRET_FILE: file('secret', content) };
  expect(loadConfig(env).signIn.oidc!.clientSecret).toBe(value);
});

it('follows a link, as the secrets of Kubernetes are', () => {
  const link = path.join(dir, 'link');
  symlinkSync(file('secret', VALUES.TEMPORAL_API_KEY!), link);
  expect(loadConfig({ TEMPORAL_API_KEY_FILE: link }).temporal.apiKey).toBe(VALUES.TEMPORAL_API_KEY);
});

it.each(secretNames)('refuses %s beside its file, and shows neither value', (name) => {
  const variable = `${name}_FILE`;
  const faults = faultsOf({ [name]: VALUES[name]!, [variable]: file('secret', 'hidden') });
  expect(faults).toContain(`${name} and ${variable} are set: set one of them.`);
  expect(faults.join('\n')).not.toContain('hidden');
});

it.each(secretNames)('names the file of %s that cannot be read, and asks for no value besides', (name) => {
  expect(faultsOf({ [`${name}_FILE`]: '/no/such/file' })).toEqual([
    `${name}_FILE is "/no/such/file", which cannot be read (ENOENT).`,
  ]);
});

it('names a directory, an empty file, and one whose contents are no valid value', () => {
  expect(faultsOf({ TEMPORAL_API_KEY_FILE: dir })).toEqual([
    `TEMPORAL_API_KEY_FILE is ${JSON.stringify(dir)}, which cannot be read (EISDIR).`,
  ]);
  const empty = file('empty', '\n');
  expect(faultsOf({ TEMPORAL_API_KEY_FILE: empty })).toEqual([
    `TEMPORAL_API_KEY_FILE is ${JSON.stringify(empty)}, which is empty.`,
  ]);
  const faults = faultsOf({ SIGNPOST_MASTER_KEY_FILE: file('short', 'hidden') });
  expect(faults).toEqual([expect.stringContaining('SIGNPOST_MASTER_KEY has an invalid value (not shown)')]);
  expect(faults.join('\n')).not.toContain('hidden');
});

it('asks once for a master key whose file cannot be read', () => {
  const faults = faultsOf({ ...VALUES, ...OIDC, SIGNPOST_MASTER_KEY: '', SIGNPOST_MASTER_KEY_FILE: '/no/such/file' });
  expect(faults).toHaveLength(1);
});

it('treats an empty variable for a file as unset', () => {
  const env = Object.fromEntries(secretNames.map((name) => [`${name}_FILE`, '']));
  expect(loadConfig(env)).toEqual(loadConfig({}));
});
