import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createSealer } from '../../src/store/db/crypto';
import { fromSetup } from '../support/environment';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { seed, TEST_SEALER } from '../support/seed';
import { tempDir } from '../support/service';

/** Commands of the built command line that use the database, with all secrets in files. */
const BIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
const directory = tempDir();

interface Ran {
  code: number;
  out: string;
  err: string;
}

function run(args: string[], env: Record<string, string>): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BIN, ...args], { env: { PATH: process.env.PATH, ...env } }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

function file(name: string, text: string): string {
  const target = path.join(directory, name);
  writeFileSync(target, text);
  return target;
}

const OLD = Buffer.alloc(32, 7);
const NEW = Buffer.alloc(32, 8);
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await seed(database.db, { url: 'http://127.0.0.1:1/' });
});
afterAll(() => database?.drop());

const keyFile = (name: string, key: Buffer) => file(name, `${key.toString('base64')}\n`);
const databaseFile = () => ({ DATABASE_URL_FILE: file('database', `${database.url}\n`) });
const faultOf = (name: string) => ({
  code: 2,
  out: '',
  err: expect.stringContaining(`${name}_FILE is "/no/such/file", which cannot be read`),
});

it('keys show reads the database and the keys from files', async () => {
  const env = { ...databaseFile(), SIGNPOST_MASTER_KEY_FILE: keyFile('old', OLD) };
  const { code, out } = await run(['keys', 'show', '--json'], env);
  const json = JSON.parse(out) as { keyId: string; previousKeyId: string | null; values: object[] };
  expect([code, json.keyId, json.previousKeyId]).toEqual([0, TEST_SEALER.keyId, null]);
  expect(json.values).toContainEqual(expect.objectContaining({ keyId: TEST_SEALER.keyId, values: 1 }));
});

it.each(['DATABASE_URL', 'SIGNPOST_MASTER_KEY', 'SIGNPOST_MASTER_KEY_PREVIOUS'])(
  'keys rotate and keys show name the file of %s that cannot be read, and show no secret',
  async (name) => {
    const files = { ...databaseFile(), SIGNPOST_MASTER_KEY_FILE: keyFile('new', NEW) };
    const env = { ...files, [`${name}_FILE`]: '/no/such/file' };
    for (const command of ['rotate', 'show']) expect(await run(['keys', command], env)).toMatchObject(faultOf(name));
    const both = { ...files, [name]: 'hidden', [`${name}_FILE`]: keyFile('beside', OLD) };
    const refused = await run(['keys', 'rotate'], both);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining(`${name} and ${name}_FILE are set`) });
    expect(refused.err).not.toContain('hidden');
  },
);

it('keys rotate seals again with the keys of the files', async () => {
  const env = {
    ...databaseFile(),
    SIGNPOST_MASTER_KEY_FILE: keyFile('new', NEW),
    SIGNPOST_MASTER_KEY_PREVIOUS_FILE: keyFile('old', OLD),
  };
  const { code, out } = await run(['keys', 'rotate', '--json'], env);
  expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ total: 1, resealed: 1, left: 0 })]);
  const { rows } = await database.db.query<{ key_id: string }>({ text: 'select key_id from subscription_secrets' });
  expect(rows).toEqual([{ key_id: createSealer(NEW).keyId }]);
});

it('doctor reads secrets from files, prints its findings, and exits with 1 if a check fails', async () => {
  const env = {
    ...databaseFile(),
    SIGNPOST_MASTER_KEY_FILE: keyFile('doctor', NEW),
    SIGNPOST_ADMIN_KEY: 'doctor-admin-key-0123456789',
    TEMPORAL_ADDRESS: fromSetup('temporal'),
  };
  const { code, out, err } = await run(['doctor', '--json'], env);
  const { findings } = JSON.parse(out) as { findings: { check: string; status: string }[] };
  expect(findings).toContainEqual(expect.objectContaining({ check: 'master-key', status: 'ok' }));
  expect(findings).toContainEqual(expect.objectContaining({ check: 'search-attributes', status: 'ok' }));
  // The Postgres of the tests runs without fsync.
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('Failed: durability.') });
});

it('migrate reads the database from a file, and prefers the one for migrations', async () => {
  expect(await run(['migrate'], databaseFile())).toMatchObject({ code: 0, out: 'up to date\n' });
  const env = {
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/pooler',
    SIGNPOST_MIGRATION_DATABASE_URL_FILE: databaseFile().DATABASE_URL_FILE,
  };
  expect(await run(['migrate'], env)).toMatchObject({ code: 0, out: 'up to date\n' });
});

it.each(['DATABASE_URL', 'SIGNPOST_MIGRATION_DATABASE_URL'])(
  'migrate names the file of %s that cannot be read',
  async (name) => {
    expect(await run(['migrate'], { [`${name}_FILE`]: '/no/such/file' })).toMatchObject(faultOf(name));
  },
);
