import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startTestApi } from '../support/api';
import { tempDir } from '../support/service';

const ROOT = path.join(__dirname, '..', '..');
const FILE = path.join(ROOT, 'sdk', 'src', 'openapi.ts');
const GENERATOR = path.join(ROOT, 'node_modules', 'openapi-typescript', 'bin', 'cli.js');

it('the types of the SDK are those of the OpenAPI document; npm run sdk:types writes them anew', async () => {
  const api = await startTestApi();
  const directory = tempDir();
  const document = path.join(directory, 'openapi.json');
  try {
    writeFileSync(document, JSON.stringify(await api.must('GET', '/openapi.json')));
  } finally {
    await api.stop();
  }
  const written = path.join(directory, 'openapi.ts');
  const { status, stderr } = spawnSync(process.execPath, [GENERATOR, document, '--output', written], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  const fresh = readFileSync(written, 'utf8');
  if (process.env.UPDATE_DOCS) writeFileSync(FILE, fresh);
  // Not by toBe: the difference of two such texts takes minutes to draw.
  expect(readFileSync(FILE, 'utf8') === fresh).toBe(true);
});
