import { spawnSync } from 'node:child_process';
import path from 'node:path';

it('the queues that the bench compares with install from their lock file on every platform', () => {
  const options = ['ci', '--dry-run', '--prefix', path.resolve(__dirname, '../../bench'), '--no-audit', '--no-fund'];
  const { status, stderr } = spawnSync('npm', options, { encoding: 'utf8', shell: process.platform === 'win32' });
  expect({ status, errors: status === 0 ? '' : stderr }).toEqual({ status: 0, errors: '' });
});
