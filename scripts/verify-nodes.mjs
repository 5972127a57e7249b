/**
 * `npm run verify:nodes`: runs the unit tests, the tests of the SDK, and a smoke test of the built
 * service on every supported line of Node. The programs come from the npm registry and stay in the
 * user's cache. Arguments are lines to run, such as `24`. `--only unit,sdk` runs these projects of
 * Jest instead.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './toolchain.mjs';

const LINES = ['20', '22', '24'];
const CACHE = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'signpost', 'node');
const ALL_TESTS = [
  ['--selectProjects', 'unit', 'sdk'],
  ['--selectProjects', 'e2e', '--testPathPatterns', 'test/embedded/start'],
];
const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
const TESTS = values.only === undefined ? ALL_TESTS : [['--selectProjects', ...values.only.split(',')]];

checkNode();
ensureInstalled();
ensureBuilt();
const lines = positionals.length > 0 ? positionals : LINES;
const failed = lines.filter((line) => !passesOn(line));
console.log(
  `\n${lines
    .filter((line) => !failed.includes(line))
    .map((line) => `Node ${line}: passed`)
    .join('\n')}`,
);
for (const line of failed) console.error(`Node ${line}: failed`);
process.exit(failed.length > 0 ? 1 : 0);

function passesOn(line) {
  const node = nodeOf(line);
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  console.log(`\nNode ${version}`);
  const jest = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  // Programs that the tests start by their name are of this line, too.
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` };
  return TESTS.map((args) => spawnSync(node, [jest, ...args], { cwd: ROOT, stdio: 'inherit', env })).every(
    ({ status }) => status === 0,
  );
}

/** The newest Node of a line. Fetches it if it is not in the cache. */
function nodeOf(line) {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const version = newest(npm('view', `${name}@${line}`, 'version', '--json'));
  const directory = path.join(CACHE, version);
  const node = path.join(directory, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(node)) return node;
  mkdirSync(CACHE, { recursive: true });
  const unpacked = mkdtempSync(path.join(CACHE, 'unpack-'));
  npm('pack', `${name}@${version}`, '--pack-destination', unpacked, '--silent');
  const [tarball] = readdirSync(unpacked);
  must('tar', ['-xzf', tarball], unpacked);
  rmSync(directory, { recursive: true, force: true });
  renameSync(path.join(unpacked, 'package'), directory);
  rmSync(unpacked, { recursive: true });
  return node;
}

function newest(json) {
  const versions = [JSON.parse(json)].flat();
  const key = (version) => version.split('.').map(Number);
  return versions.sort((a, b) => key(a)[1] - key(b)[1] || key(a)[2] - key(b)[2]).at(-1);
}

function npm(...args) {
  return must('npm', args, ROOT);
}

function must(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status === 0) return stdout;
  console.error(`${command} ${args.join(' ')} failed:\n${stderr || stdout}`);
  process.exit(1);
}
