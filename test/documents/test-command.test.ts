import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** `npm test` with tests of its own in a folder. */
const COMMAND = path.join(__dirname, '..', '..', 'scripts', 'test.mjs');
const run = promisify(execFile);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'test-command-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function npmTest(test: string) {
  mkdirSync(path.join(folder, 'tests'));
  writeFileSync(path.join(folder, 'tests', 'only.test.js'), test);
  writeFileSync(path.join(folder, 'jest.config.json'), JSON.stringify({ rootDir: folder, transform: {} }));
  const args = [COMMAND, '--config', path.join(folder, 'jest.config.json')];
  const env = { ...process.env, SIGNPOST_TEST_SECOND_TRY: '' };
  const { code = 0, stdout, stderr } = await run(process.execPath, args, { env }).catch((error) => error);
  return { code, last: stdout.trimEnd().split('\n').at(-1), stderr };
}

it('ends although a test left a program running', async () => {
  const pidFile = path.join(folder, 'pid');
  const { code, last, stderr } = await npmTest(`
    it('leaves a program', () => {
      const child = require('node:child_process').spawn('sleep', ['170'], { stdio: 'ignore' });
      require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
    });`);
  process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL');
  expect(stderr).toContain('a test left something running');
  expect([code, last]).toEqual([0, '1 passed, 0 failed, 0 skipped']);
});

it('counts a test that fails', async () => {
  const failing = await npmTest("it('fails', () => { throw new Error('always'); });");
  expect([failing.code, failing.last]).toEqual([1, '0 passed, 1 failed, 0 skipped']);
});
