// Checks the alert rules and runs their tests with promtool, which comes with Prometheus.
// PROMTOOL names it if it is not in the PATH.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const promtool = process.env.PROMTOOL || 'promtool';
const cwd = fileURLToPath(new URL('../deploy/observability', import.meta.url));

for (const args of [
  // Its path of the rules is that of the container.
  ['check', 'config', '--syntax-only', 'prometheus.yml'],
  ['check', 'rules', 'prometheus-rules.yml'],
  ['test', 'rules', 'rules.test.yml'],
]) {
  const { status, error } = spawnSync(promtool, args, { cwd, stdio: 'inherit' });
  if (error) {
    console.error(`${promtool} could not be run (${error.code}). Install Prometheus, or set PROMTOOL to its promtool.`);
    process.exit(1);
  }
  if (status !== 0) process.exit(1);
}
