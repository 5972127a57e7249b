import { spawnSync } from 'node:child_process';
import path from 'node:path';

it('every mutation of scripts/mutations applies to exactly one place of the source', () => {
  const script = path.resolve(__dirname, '../../scripts/mutate.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect({ status, faults: stderr }).toEqual({ status: 0, faults: '' });
});
