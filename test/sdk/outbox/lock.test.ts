import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { lockDirectory } from '../../../sdk/src/outbox-lock';
import { tempDir } from '../../support/service';
import { until } from '../../support/until';

let directory: string;
let file: string;
beforeEach(() => {
  directory = tempDir();
  file = path.join(directory, 'lock');
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

/** Leaves a lock that was last refreshed `ageSeconds` ago. */
function leave(owner: unknown, ageSeconds: number): void {
  writeFileSync(file, typeof owner === 'string' ? owner : JSON.stringify(owner));
  const time = new Date(Date.now() - ageSeconds * 1000);
  utimesSync(file, time, time);
}

const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;
const here = { host: hostname(), token: 't' };
const elsewhere = { host: 'another-host', token: 't' };

it('lockDirectory writes who holds the lock, and releasing it deletes the file', async () => {
  const { release } = await lockDirectory(directory);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    pid: process.pid,
    host: hostname(),
    token: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  await release();
  expect(readdirSync(directory)).toEqual([]);
});

describe('a lock is taken over', () => {
  it.each([
    ['immediately from a dead process of this host', () => ({ ...here, pid: deadPid() }), 0],
    ['from a live process of this host without a heartbeat for 31 s', () => ({ ...here, pid: process.ppid }), 31],
    ['from another host without a heartbeat for 31 s', () => ({ ...elsewhere, pid: process.ppid }), 31],
    ['from an earlier process with the same pid', () => ({ ...here, pid: process.pid }), 86_400],
    ['if it has been unreadable for 31 s', () => 'half writ', 31],
    ['if it has been empty for 31 s', () => '', 31],
    ['if it has named no owner for 31 s', () => 'null', 31],
  ])('a lock is taken over %s', async (_, owner, ageSeconds) => {
    leave(owner(), ageSeconds);
    const { release } = await lockDirectory(directory);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
    await release();
    expect(readdirSync(directory)).toEqual([]);
  });
});

it('a lock is taken over from an earlier process with the same pid that died seconds ago', async () => {
  jest.spyOn(process, 'uptime').mockReturnValue(5);
  leave({ ...here, pid: process.pid }, 10);
  await (await lockDirectory(directory)).release();
  leave({ ...here, pid: process.pid }, 1);
  await expect(lockDirectory(directory)).rejects.toThrow('in use by process');
});

it('a process of another user, which may not be signalled, counts as live', async () => {
  jest.spyOn(process, 'kill').mockImplementation(() => {
    throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
  });
  leave({ ...here, pid: 4711 }, 0);
  await expect(lockDirectory(directory)).rejects.toThrow('in use by process 4711');
});

describe('a lock is respected', () => {
  it.each([
    ['of a live process of this host with a heartbeat 29 s ago', () => ({ ...here, pid: process.ppid }), 29],
    ['of another host with a heartbeat 29 s ago', () => ({ ...elsewhere, pid: deadPid() }), 29],
    ['of this process', () => ({ ...here, pid: process.pid }), 0],
    ['that is only being written', () => '', 0],
  ])('a lock %s is respected', async (_, owner, ageSeconds) => {
    leave(owner(), ageSeconds);
    const before = readFileSync(file, 'utf8');
    await expect(lockDirectory(directory)).rejects.toThrow(/in use by process .* last seen \d+ s ago/);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('the error names the process, its host and the directory', async () => {
    leave({ ...elsewhere, pid: 4711 }, 7);
    await expect(lockDirectory(directory)).rejects.toThrow(
      `The outbox directory ${directory} is in use by process 4711 on host another-host, last seen 7 s ago.`,
    );
  });
});

it('of many that take over the same stale lock concurrently, one gets it', async () => {
  const pid = deadPid();
  for (let round = 0; round < 50; round++) {
    leave({ ...here, pid }, 60);
    const results = await Promise.allSettled(Array.from({ length: 32 }, () => lockDirectory(directory)));
    const releases = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.release] : []));
    expect(releases).toHaveLength(1);
    await releases[0]!();
    expect(existsSync(file)).toBe(false);
  }
});

it('a takeover guard that a crash left is removed after 30 s', async () => {
  leave({ ...here, pid: deadPid() }, 60);
  const guard = `${file}.takeover`;
  writeFileSync(guard, '');
  const time = new Date(Date.now() - 31_000);
  utimesSync(guard, time, time);
  const { release } = await lockDirectory(directory);
  await release();
  expect(readdirSync(directory)).toEqual([]);
});

it('a lock that another process replaced after it was found stale is left alone', async () => {
  leave({ ...here, pid: 4711 }, 0);
  const fresh = JSON.stringify({ ...elsewhere, pid: 4712 });
  // The check for a live process lies between reading the stale lock and removing it.
  jest.spyOn(process, 'kill').mockImplementation(() => {
    writeFileSync(file, fresh);
    throw Object.assign(new Error('no such process'), { code: 'ESRCH' });
  });
  await expect(lockDirectory(directory)).rejects.toThrow('in use by process 4712 on host another-host');
  expect(readFileSync(file, 'utf8')).toBe(fresh);
  expect(readdirSync(directory)).toEqual(['lock']);
});

it('a stale lock is left alone while another process takes it over', async () => {
  leave({ ...here, pid: deadPid() }, 60);
  const stale = readFileSync(file, 'utf8');
  const guard = `${file}.takeover`;
  writeFileSync(guard, '');
  const locking = lockDirectory(directory);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(readFileSync(file, 'utf8')).toBe(stale);
  rmSync(guard);
  await (await locking).release();
});

it('a lock that cannot be read is an error, not an endless wait', async () => {
  mkdirSync(file);
  await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'EISDIR' });
});

it('releasing leaves the lock of a process that has taken it over', async () => {
  const { release } = await lockDirectory(directory);
  const other = JSON.stringify({ ...elsewhere, pid: 4711 });
  writeFileSync(file, other);
  await release();
  expect(readFileSync(file, 'utf8')).toBe(other);
});

it('the owner refreshes the lock every 5 s until it releases it', async () => {
  jest.useFakeTimers({
    doNotFake: [
      'Date',
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'setTimeout',
      'clearTimeout',
    ],
  });
  const { release } = await lockDirectory(directory);
  const old = new Date(Date.now() - 20_000);
  const age = async () => Date.now() - statSync(file).mtimeMs;
  utimesSync(file, old, old);
  jest.advanceTimersByTime(4999);
  expect(await age()).toBeGreaterThan(10_000);
  jest.advanceTimersByTime(1);
  await until(age, (ageMs) => ageMs < 10_000);
  await release();
  expect(jest.getTimerCount()).toBe(0);
});
