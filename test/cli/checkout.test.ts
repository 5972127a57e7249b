import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ADMIN_KEY, startTestApi, type TestApi } from '../support/api';
import { tempDir } from '../support/service';

/** `npm run signpost`, as in a checkout. */
const ROOT = path.join(__dirname, '..', '..');
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.stop());

function npmRun(cwd: string, ...args: string[]): Promise<{ out: string; err: string }> {
  const env = { ...process.env, SIGNPOST_URL: api.url, SIGNPOST_API_KEY: ADMIN_KEY, INIT_CWD: undefined };
  const npm = ['--prefix', ROOT, 'run', '-s', 'signpost', '--', ...args];
  return new Promise((resolve) => execFile('npm', npm, { cwd, env }, (_error, out, err) => resolve({ out, err })));
}

it('`npm run -s signpost` prints only JSON with --json, and finds files where the user stands', async () => {
  const directory = path.join(tempDir(), 'onboarding');
  mkdirSync(directory);
  writeFileSync(path.join(directory, 'p.yaml'), 'product: { id: p, name: P, enabled: true }\n');
  const { out } = await npmRun(directory, 'onboard', 'product', 'p.yaml', '--json');
  expect(JSON.parse(out)).toMatchObject({ steps: [{ action: 'create', object: 'product p' }] });
});
