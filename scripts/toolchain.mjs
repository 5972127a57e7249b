/** What the other scripts share: installing and building only when something changed. Plain Node, since nothing is installed yet. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const NEEDED = [20, 19];

/** Ends with one clear line where Node is too old. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return;
  console.error(
    `Signpost needs Node ${NEEDED.join('.')} or later; this is ${process.versions.node}. Install it from https://nodejs.org.`,
  );
  process.exit(1);
}

/** Installs the packages where they are missing or the lock file changed. */
export function ensureInstalled() {
  const stamp = path.join(ROOT, 'node_modules', '.signpost-installed');
  const wanted = hashFiles([path.join(ROOT, 'package-lock.json')]);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.log('installing packages (once, a minute or so) …');
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, wanted);
}

/** Builds where there is no build or a source changed. */
export function ensureBuilt() {
  const stamp = path.join(ROOT, 'dist', '.built');
  const wanted = hashFiles(sources());
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.log('building …');
  run(process.execPath, [path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
  run(process.execPath, [path.join(ROOT, 'scripts', 'bundle-workflows.mjs')]);
  run(process.execPath, [path.join(ROOT, 'sdk', 'build.mjs')]);
  run(process.execPath, [
    path.join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js'),
    'build',
    '--logLevel',
    'warn',
    'web',
  ]);
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

/** Runs a command with our output; ends with its exit code where it fails. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (error) console.error(`${command} could not be run: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function sources() {
  const files = ['src', path.join('sdk', 'src'), path.join('web', 'src'), path.join('web', 'public')].flatMap(
    (folder) => readdirSync(path.join(ROOT, folder), { recursive: true }).map((file) => path.join(ROOT, folder, file)),
  );
  const configuration = [
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
    'web/index.html',
    'web/vite.config.ts',
  ].map((file) => path.join(ROOT, file));
  return [...files, ...configuration].filter((file) => statSync(file).isFile()).sort();
}

function hashFiles(files) {
  const hash = createHash('sha256').update(process.versions.node);
  for (const file of files) hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}
