/**
 * `npm run release:version`: takes the changesets, sets the next version in every package.json and
 * in package-lock.json, and gives "Unreleased" in CHANGELOG.md its version and date.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './toolchain.mjs';

const before = versionOf('sdk');
run('npx', ['changeset', 'version']);
const version = versionOf('sdk');
if (version === before) {
  console.error('There are no changesets. Describe a change with npx changeset.');
  process.exit(1);
}
for (const folder of ['.', 'web']) {
  const file = path.join(ROOT, folder, 'package.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(`"version": "${before}"`, `"version": "${version}"`));
}
// The version of the image in the chart and in docker-compose.yml.
for (const [name, pattern] of [
  ['deploy/helm/signpost/Chart.yaml', /(?<=^(?:version: |appVersion: '))[\d.]+/gm],
  ['docker-compose.yml', /(?<=SIGNPOST_VERSION:-)[\d.]+/g],
]) {
  const file = path.join(ROOT, name);
  writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, version));
}
const changelog = path.join(ROOT, 'CHANGELOG.md');
const today = new Date().toISOString().slice(0, 10);
writeFileSync(
  changelog,
  readFileSync(changelog, 'utf8').replace(/^## Unreleased$/m, `## Unreleased\n\n## ${version} - ${today}`),
);
run('npm', ['install', '--package-lock-only', '--ignore-scripts']);
run('npx', ['prettier', '--write', 'CHANGELOG.md', 'sdk', 'cli', '.changeset']);
console.log(`version ${version}`);

function versionOf(folder) {
  return JSON.parse(readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8')).version;
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) process.exit(1);
}
