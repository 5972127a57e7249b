/**
 * `npm run audit`: asks the registry for known vulnerabilities of what the service installs. Fails
 * on high and critical ones. A registry without that service is reported, and is no failure.
 */
import { spawnSync } from 'node:child_process';
import { ROOT } from './toolchain.mjs';

const SERIOUS = ['high', 'critical'];

const { stdout, stderr } = spawnSync('npm', ['audit', '--omit=dev', '--json'], {
  cwd: ROOT,
  encoding: 'utf8',
  timeout: 60_000,
  shell: process.platform === 'win32',
});
const report = parse(stdout);
if (report?.vulnerabilities === undefined) {
  console.log(`not audited: ${report?.message ?? stderr.trim().split('\n')[0]}`);
} else {
  const found = Object.values(report.vulnerabilities).filter(({ severity }) => SERIOUS.includes(severity));
  for (const { name, severity, range } of found) console.error(`${severity}: ${name} ${range}`);
  process.exitCode = found.length > 0 ? 1 : 0;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
