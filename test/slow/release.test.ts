import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cloneOfTree } from './copy-of-tree';

/** `npm run release` and `npm run release:version` in a clone of the working tree. */
jest.setTimeout(600_000);

let clone: string;
let version: string;
beforeAll(() => {
  clone = cloneOfTree();
  // The list of components needs packages that are no links.
  must('npm', 'ci', '--prefer-offline', '--no-audit', '--no-fund');
  must('git', 'init', '--quiet', '--initial-branch', 'main');
  commit('Start');
  version = versionOf('.');
}, 600_000);

function run(command: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: clone, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

function must(command: string, ...args: string[]): string {
  const { status, output } = run(command, ...args);
  const outcome = { command: [command, ...args].join(' '), status, output: status === 0 ? '' : output };
  expect(outcome).toEqual({ ...outcome, status: 0, output: '' });
  return output;
}

function commit(subject: string): void {
  must('git', 'add', '--all');
  must('git', '-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '-m', subject);
}

const versionOf = (folder: string) =>
  (JSON.parse(readFileSync(path.join(clone, folder, 'package.json'), 'utf8')) as { version: string }).version;

it('a release is refused for a tree that is not clean, for another version, and for a placeholder address', () => {
  writeFileSync(path.join(clone, 'left-over.txt'), '');
  expect(run('node', 'scripts/release.mjs')).toEqual({
    status: 1,
    output: expect.stringContaining('?? left-over.txt'),
  });
  rmSync(path.join(clone, 'left-over.txt'));

  const manifest = path.join(clone, 'cli', 'package.json');
  const text = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, text.replace(`"version": "${version}"`, '"version": "9.9.9"'));
  commit('Another version');
  expect(run('node', 'scripts/release.mjs')).toEqual({ status: 1, output: expect.stringContaining('version 9.9.9') });
  writeFileSync(manifest, text);
  for (const file of readdirSync(path.join(clone, '.changeset')))
    if (file.endsWith('.md') && file !== 'README.md') rmSync(path.join(clone, '.changeset', file));
  commit('Back');
  expect(run('node', 'scripts/release.mjs', '--publish')).toEqual({
    status: 1,
    output: expect.stringContaining('placeholder'),
  });
  expect(existsSync(path.join(clone, 'release'))).toBe(false);
});

it('a release packs and checks both packages, and publishes nothing', () => {
  const output = must('node', 'scripts/release.mjs');
  expect(output).toContain('Nothing was published.');
  const files = readdirSync(path.join(clone, 'release', version)).sort();
  expect(files).toEqual([
    'notes.md',
    `signpost-${version}.cdx.json`,
    `signpost-cli-${version}.tgz`,
    `signpost-sdk-${version}.tgz`,
  ]);
  for (const file of files)
    expect(output).toMatch(new RegExp(`${file.replaceAll('.', '\\.')}  \\d+ bytes  sha256 \\w{64}`));
  const read = (file: string) => readFileSync(path.join(clone, 'release', version, file), 'utf8');
  expect(JSON.parse(read(`signpost-${version}.cdx.json`))).toMatchObject({ bomFormat: 'CycloneDX' });
  expect(read('notes.md')).toContain('### Added');
});

it('the next version takes the changesets, and names "Unreleased" in the changelog', () => {
  writeFileSync(
    path.join(clone, '.changeset', 'a-change.md'),
    `---\n'@signpost/cli': minor\n---\n\nThe command can do more.\n`,
  );
  must('node', 'scripts/release-version.mjs');
  const [major, minor] = version.split('.').map(Number);
  const next = `${major}.${minor! + 1}.0`;
  expect(['.', 'sdk', 'cli', 'web'].map(versionOf)).toEqual([next, next, next, next]);
  const changelog = readFileSync(path.join(clone, 'CHANGELOG.md'), 'utf8');
  expect(changelog).toMatch(new RegExp(`^## Unreleased\\n\\n## ${next.replaceAll('.', '\\.')} - \\d{4}-`, 'm'));
  expect(readFileSync(path.join(clone, 'cli', 'CHANGELOG.md'), 'utf8')).toContain('The command can do more.');
  commit('Next version');
  expect(must('git', 'status', '--porcelain')).toBe('');
});
