/**
 * Installs and builds when something has changed, for the other scripts. Uses only Node, since no
 * package may be installed yet.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const MIN_NODE = [20, 19];

/** Exits with a one-line error if Node is too old. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])) return;
  console.error(
    `Signpost needs Node ${MIN_NODE.join('.')} or later, but this is ${process.versions.node}. Install it from https://nodejs.org.`,
  );
  process.exit(1);
}

/** Installs the packages if any is missing or the lock file has changed. */
export function ensureInstalled() {
  if (isInstalled()) return;
  console.error('installing packages (only once; takes about a minute) …');
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
}

/**
 * Whether every package is installed in the version of package-lock.json. npm writes its list of
 * installed packages last, so the list is complete if it exists.
 */
function isInstalled() {
  const packagesOf = (file) => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')).packages;
  if (!existsSync(path.join(ROOT, 'node_modules', '.package-lock.json'))) return false;
  const installed = packagesOf('node_modules/.package-lock.json');
  return Object.entries(packagesOf('package-lock.json'))
    .filter(([file, { link, optional }]) => file.includes('node_modules/') && !link && !optional)
    .every(([file, { version }]) => installed[file]?.version === version);
}

/**
 * Builds if there is no build or a source file has changed.
 *
 * @param {{ checksTypes?: boolean }} options - `checksTypes`: whether a type error fails the build;
 *   `npm run check` checks the types in a step of its own
 */
export function ensureBuilt({ checksTypes = true } = {}) {
  const stamp = path.join(ROOT, 'dist', '.built');
  const currentHash = hashFiles(sources());
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === currentHash) return;
  console.error('building …');
  const tsc = path.join(ROOT, 'node_modules', 'typescript-7', 'bin', 'tsc');
  run(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...(checksTypes ? [] : ['--noCheck'])]);
  run(process.execPath, [path.join(ROOT, 'scripts', 'bundle-workflows.mjs')]);
  run(process.execPath, [path.join(ROOT, 'scripts', 'bundle-cli.mjs')]);
  run(process.execPath, [path.join(ROOT, 'sdk', 'build.mjs')]);
  run(process.execPath, [
    path.join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js'),
    'build',
    '--logLevel',
    'warn',
    'web',
  ]);
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, currentHash);
}

/**
 * Runs a command that prints to standard error, because standard output belongs to what is started
 * after it. Exits with its exit code if it fails.
 */
function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (error) console.error(`Cannot run ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function sources() {
  const files = [
    'src',
    path.join('sdk', 'src'),
    path.join('cli', 'src'),
    path.join('web', 'src'),
    path.join('web', 'public'),
  ].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true }).map((file) => path.join(ROOT, folder, file)),
  );
  const configuration = [
    'tsconfig.json',
    'tsconfig.build.json',
    'cli/bundle.mjs',
    'scripts/bundle-cli.mjs',
    'package-lock.json',
    'web/index.html',
    'web/vite.config.ts',
    'web/messages-plugin.ts',
    'web/lingui.config.ts',
  ].map((file) => path.join(ROOT, file));
  return [...files, ...configuration].filter((file) => statSync(file).isFile()).sort();
}

function hashFiles(files) {
  const hash = createHash('sha256').update(process.versions.node);
  for (const file of files) hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}
