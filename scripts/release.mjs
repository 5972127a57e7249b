/**
 * `npm run release`: makes the files of a release from a clean tree, checks them, and prints them.
 * Publishes nothing without `--publish`.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './toolchain.mjs';

const USAGE = `usage: npm run release -- [--publish]

Packs @signpost/sdk and @signpost/cli of a clean tree into release/<version>, with the list of components
and the notes of the release, and checks the packages with publint and arethetypeswrong.

  --publish   also publish the packages to the npm registry`;
/** The packages, in the order of publication. */
const PACKAGES = ['sdk', 'cli'];
/** A placeholder until the repository has its public address. */
const PLACEHOLDER = 'git.example.com';

const { values } = parseArgs({
  options: { publish: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
checkNode();
const { version } = manifestOf('.');
refuseUnless(isClean(), 'The tree has changes that are not committed. Commit or remove them:', status());
for (const name of [...PACKAGES, 'web'])
  refuseUnless(
    manifestOf(name).version === version,
    `${name}/package.json has version ${manifestOf(name).version}, but package.json has ${version}. Run npm run release:version.`,
  );
const notes = notesOf(version);
refuseUnless(notes !== undefined, `CHANGELOG.md has no section for ${version}. Run npm run release:version.`);
const pending = readdirSync(path.join(ROOT, '.changeset')).filter((file) => /^(?!README).*\.md$/.test(file));
if (pending.length > 0) {
  const text = `${pending.length} changesets are not in version ${version}. Run npm run release:version first.`;
  refuseUnless(!values.publish, text);
  console.error(`warning: ${text}`);
}
if (values.publish)
  for (const name of PACKAGES)
    refuseUnless(
      !manifestOf(name).repository.url.includes(PLACEHOLDER),
      `"repository" in ${name}/package.json is a placeholder. Set the address of the public repository: npm checks it for the provenance.`,
    );

ensureInstalled();
ensureBuilt();
const directory = path.join(ROOT, 'release', version);
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
const tarballs = PACKAGES.map(pack);
for (const tarball of tarballs) must('npx', ['publint', 'run', tarball, '--strict']);
// The command line has no entry points, so it has no types that could be wrong.
must('npx', ['attw', tarballs[0]]);
write(`signpost-${version}.cdx.json`, must('npm', ['run', '--silent', 'sbom'], { quiet: true }));
write('notes.md', notes);
refuseUnless(isClean(), 'The build changed files of the repository. Commit them:', status());

console.log(`\nrelease ${version}:`);
for (const file of [
  ...tarballs,
  path.join(directory, `signpost-${version}.cdx.json`),
  path.join(directory, 'notes.md'),
])
  console.log(`  ${path.relative(ROOT, file)}  ${statSync(file).size} bytes  sha256 ${hashOf(file)}`);
if (values.publish) for (const tarball of tarballs) must('npm', ['publish', tarball]);
else console.log('\nNothing was published. Add --publish to publish the packages.');

function manifestOf(folder) {
  return JSON.parse(readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8'));
}

function status() {
  return must('git', ['status', '--porcelain'], { quiet: true }).trimEnd();
}

function isClean() {
  return status() === '';
}

function refuseUnless(condition, ...lines) {
  if (condition) return;
  console.error(lines.join('\n'));
  process.exit(1);
}

/** The section of the changelog about a version. */
function notesOf(wanted) {
  const text = readFileSync(path.join(ROOT, 'CHANGELOG.md'), 'utf8');
  const section = text.split(/^(?=## )/m).find((part) => part.startsWith(`## ${wanted} `));
  return section?.replace(/^.*\n/, '').trim();
}

function pack(name) {
  must('npm', ['pack', `./${name}`, '--pack-destination', directory, '--silent'], { quiet: true });
  return path.join(directory, `signpost-${name}-${version}.tgz`);
}

function write(file, text) {
  writeFileSync(path.join(directory, file), `${text.trimEnd()}\n`);
}

function hashOf(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** @returns the standard output if `quiet`. Exits if the command fails */
function must(command, args, { quiet = false } = {}) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.status === 0) return result.stdout;
  console.error(`${command} ${args.join(' ')} failed.`);
  process.exit(1);
}
