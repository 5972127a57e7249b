import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Kept between runs, and ignored by Git. */
const OUTPUT = path.join(__dirname, '..', '..', 'test-output');
const INSTALLED = path.join(OUTPUT, 'python');
const PYTHON_PACKAGES = ['standardwebhooks==1.1.0', 'PyJWT==2.15.1'];
const TOOLS_TIMEOUT_MS = 240_000;

/**
 * Registers a test that needs a toolchain. If it is missing, the run says so and reports the test
 * as skipped.
 */
export function itWith(toolchain: string, probe: string[], name: string, run: () => Promise<void>): void {
  const there = spawnSync(probe[0]!, probe.slice(1), { stdio: 'ignore' }).status === 0;
  if (!there) process.stderr.write(`${toolchain} is not installed: "${name}" is skipped\n`);
  (there ? it : it.skip)(name, run, TOOLS_TIMEOUT_MS);
}

/**
 * Installs the Python packages once per working tree, so that later runs need no network. Go does
 * the same in its module cache.
 *
 * @returns their directory
 */
export function installedPythonPackages(): string {
  const directory = path.join(INSTALLED, PYTHON_PACKAGES.join('+'));
  if (existsSync(directory)) return directory;
  // Under another name until it is complete.
  const installing = `${directory}.${process.pid}`;
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--root-user-action=ignore'];
  const options = ['--retries', '10', '--target', installing];
  expect(spawnSync('python3', [...install, ...options, ...PYTHON_PACKAGES], { stdio: 'inherit' }).status).toBe(0);
  try {
    renameSync(installing, directory);
  } catch (error) {
    // Another test file has installed them meanwhile.
    if (!existsSync(directory)) throw error;
    rmSync(installing, { recursive: true });
  }
  return directory;
}

/** Downloads an artifact of Maven once per working tree. @returns the path of its JAR */
export function installedJar(artifact: string): string {
  const [, name, version] = artifact.split(':') as [string, string, string];
  const jar = path.join(OUTPUT, 'java', `${name}-${version}.jar`);
  if (existsSync(jar)) return jar;
  const installing = path.join(OUTPUT, 'java', String(process.pid));
  mkdirSync(installing, { recursive: true });
  const copy = ['-q', '-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${installing}`];
  expect(spawnSync('mvn', copy, { stdio: ['ignore', 2, 2] }).status).toBe(0);
  renameSync(path.join(installing, path.basename(jar)), jar);
  return jar;
}
