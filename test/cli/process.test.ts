import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { ADMIN_KEY, startTestApi, type TestApi } from '../support/api';
import { fromSetup } from '../support/environment';

/** The built command line, as a process of its own. */
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

it('prints its version', async () => {
  expect(await run(['--version'])).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
});

it('ends with the exit code', async () => {
  expect((await run(['products', 'list'])).code).toBe(0);
  expect((await run(['products', 'show', 'nothing'])).code).toBe(1);
  expect((await run(['nonsense'])).code).toBe(2);
  expect((await run(['products', 'list'], { SIGNPOST_URL: 'http://127.0.0.1:1' })).code).toBe(3);
  expect((await run(['products', 'list'], { SIGNPOST_API_KEY: 'spk_nobody' })).code).toBe(4);
});

it('every command has help with a description', async () => {
  const { out } = await run(['--help']);
  const commands = [...out.matchAll(/^ {2}([a-z-]+)(?: .*)? {2,}\S/gm)].map(([, name]) => name!);
  expect(commands).toEqual(expect.arrayContaining(['start', 'migrate', 'onboard', 'types', 'recover', 'listen']));
  const helps = await Promise.all(['onboard', 'types', 'subscriptions'].map((name) => run([name, '--help'])));
  for (const help of helps) expect(help).toMatchObject({ code: 0, err: '' });
});

it('start runs the service, which says what is wrong with its configuration', async () => {
  const ran = await run(['start'], { SIGNPOST_PORT: 'http' });
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toContain('SIGNPOST_PORT is "http", but must be a port');
});

it('migrates a database, and then finds nothing to do', async () => {
  const admin = new Client(fromSetup('postgres'));
  await admin.connect();
  await admin.query('create database cli_migrate');
  const url = new URL(fromSetup('postgres'));
  url.pathname = '/cli_migrate';
  try {
    const first = await run(['migrate', '--json'], { DATABASE_URL: url.toString() });
    expect(JSON.parse(first.out).applied[0]).toBe('0001_spine');
    expect(await run(['migrate'], { DATABASE_URL: url.toString() })).toEqual({ code: 0, out: 'up to date\n', err: '' });
    url.pathname = '/no_such_database';
    expect(await run(['migrate'], { DATABASE_URL: url.toString() })).toMatchObject({
      code: 1,
      err: expect.stringContaining('no_such_database'),
    });
  } finally {
    await admin.query('drop database cli_migrate with (force)');
    await admin.end();
  }
});
