/**
 * `npm run check`: runs formatting, lint, types, the catalog of texts, the build and the audit
 * concurrently. Prints the output of each step when it ends.
 */
import { spawn } from 'node:child_process';
import { ROOT } from './toolchain.mjs';

// The step `types` checks what the build compiles, so the build need not.
const STEPS = [
  ['format:check'],
  ['lint'],
  ['types'],
  ['messages', '--', '--check'],
  ['build', '--', '--no-check'],
  ['audit'],
];

const passed = await Promise.all(STEPS.map(run));
process.exit(passed.every(Boolean) ? 0 : 1);

/** Runs a script of package.json. @returns whether it passed */
function run([step, ...options]) {
  const child = spawn('npm', ['run', '--silent', step, ...options], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve) => {
    child.on('error', (error) => (output += error.message));
    child.on('close', (code) => {
      console.log(`${step}: ${code === 0 ? 'passed' : 'failed'}\n${output}`.trimEnd());
      resolve(code === 0);
    });
  });
}
