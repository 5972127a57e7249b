import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { ADMIN_KEY, startTestApi, type TestApi } from '../support/api';
import { fromSetup } from '../support/environment';
import { tempDir } from '../support/service';

/** Runs the built command line as a separate process. */
const ROOT = path.join(__dirname, '..', '..');
const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  bin: { signpost: string };
};
const BIN = path.join(ROOT, manifest.bin.signpost);

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

function run(args: string[], env: Record<string, string> = {}): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [BIN, ...args],
      { env: { PATH: process.env.PATH, SIGNPOST_URL: api.url, SIGNPOST_API_KEY: ADMIN_KEY, ...env } },
      (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }),
    );
  });
}

it('prints the version of the package', async () => {
  expect(await run(['--version'])).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
});

it('prints the help of the built command line', async () => {
  const { code, out, err } = await run(['--help']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^Usage: signpost [^]*\n {2}migrate .*\n[^]*\nExamples:\n/);
});

it('ends the process with the exit code of the command', async () => {
  expect((await run(['products', 'list'])).code).toBe(0);
  expect((await run(['products', 'show', 'nothing'])).code).toBe(1);
  expect((await run(['nonsense'])).code).toBe(2);
  expect((await run(['products', 'list'], { SIGNPOST_URL: 'http://127.0.0.1:1' })).code).toBe(3);
  expect((await run(['products', 'list'], { SIGNPOST_API_KEY: 'spk_nobody' })).code).toBe(4);
});

it('reports an invalid setting when `start` runs the service', async () => {
  const ran = await run(['start'], { SIGNPOST_PORT: 'http' });
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toContain('SIGNPOST_PORT is "http", but must be a port');
});

it('migrates an empty database, and then reports that it is up to date', async () => {
  const admin = new Client(fromSetup('postgres'));
  await admin.connect();
  const name = `cli_migrate_${randomUUID().replaceAll('-', '')}`;
  await admin.query(`create database ${name}`);
  const url = new URL(fromSetup('postgres'));
  url.pathname = `/${name}`;
  try {
    const first = await run(['migrate', '--json'], { DATABASE_URL: url.toString() });
    expect(JSON.parse(first.out).applied[0]).toBe('0001_spine');
    expect(await run(['migrate'], { DATABASE_URL: url.toString() })).toEqual({ code: 0, out: 'up to date\n', err: '' });
    const file = path.join(tempDir(), 'database-url');
    writeFileSync(file, `${url.toString()}\n`);
    expect(await run(['migrate', '--database-url-file', file])).toMatchObject({ code: 0, out: 'up to date\n' });
    url.pathname = '/no_such_database';
    expect(await run(['migrate'], { DATABASE_URL: url.toString() })).toMatchObject({
      code: 1,
      err: expect.stringContaining('no_such_database'),
    });
  } finally {
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  }
});
