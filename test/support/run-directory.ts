import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { isAlive } from '../../src/embedded/processes';

const IN_MEMORY = '/dev/shm';
const PREFIX = 'signpost-test-';
const GIB = 2 ** 30;
/** A whole run has about 2 GiB of files. */
const FREE_BYTES = 6 * GIB;
const MEMORY_BYTES = 12 * GIB;

/**
 * Creates the directory of a run. It is in memory if there is enough and `TMPDIR` is not set: ext4
 * looks for inodes that were not in use in the last seconds, so that a new database takes ten times
 * as long where databases are dropped all the time.
 */
export function createRunDirectory(): string {
  for (const left of leftBehind()) rmSync(left, { recursive: true, force: true });
  return mkdtempSync(path.join(inMemory() ? IN_MEMORY : tmpdir(), `${PREFIX}${process.pid}-`));
}

function inMemory(): boolean {
  if (process.env.TMPDIR || !existsSync(IN_MEMORY) || totalmem() < MEMORY_BYTES) return false;
  const { bavail, bsize } = statfsSync(IN_MEMORY);
  return bavail * bsize >= FREE_BYTES && runsPrograms(IN_MEMORY);
}

/** Some tests run programs from the directory, which a container may not allow there. */
function runsPrograms(directory: string): boolean {
  const probe = mkdtempSync(path.join(directory, 'probe-'));
  const program = path.join(probe, 'program');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
  const { status } = spawnSync(program);
  rmSync(probe, { recursive: true });
  return status === 0;
}

/** Directories in memory of runs that were killed. */
function leftBehind(): string[] {
  if (!existsSync(IN_MEMORY)) return [];
  return readdirSync(IN_MEMORY)
    .filter((name) => name.startsWith(PREFIX) && !isAlive(Number(name.slice(PREFIX.length).split('-')[0])))
    .map((name) => path.join(IN_MEMORY, name));
}

/** Keeps temporary files of the tests, and of the programs that they run, in memory as well. */
export function keepTemporaryFilesIn(directory: string): void {
  if (!directory.startsWith(IN_MEMORY)) return;
  process.env.TMPDIR = path.join(directory, 'tmp');
  mkdirSync(process.env.TMPDIR, { mode: 0o1777 });
}
