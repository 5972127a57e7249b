import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startTestApi } from '../support/api';
import { tempDir } from '../support/service';

const ROOT = path.join(__dirname, '..', '..');
const FILE = path.join(ROOT, 'sdk', 'src', 'openapi.ts');
const GENERATOR = path.join(ROOT, 'node_modules', 'openapi-typescript', 'bin', 'cli.js');

it('the SDK types match the OpenAPI document (npm run sdk:types regenerates them)', async () => {
  const api = await startTestApi();
  const directory = tempDir();
  const document = path.join(directory, 'openapi.json');
  try {
    writeFileSync(document, JSON.stringify(await api.must('GET', '/openapi.json')));
  } finally {
    await api.stop();
  }
  const generated = path.join(directory, 'openapi.ts');
  const { status, stderr } = spawnSync(process.execPath, [GENERATOR, document, '--output', generated], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  const fresh = readFileSync(generated, 'utf8');
  if (process.env.UPDATE_DOCS) writeFileSync(FILE, fresh);
  // toBe would spend minutes on the diff of two texts of this size.
  expect(readFileSync(FILE, 'utf8') === fresh).toBe(true);
});
