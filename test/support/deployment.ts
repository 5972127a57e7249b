import { execFile } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { fromSetup } from './environment';
import { tempDir } from './service';

const ROOT = path.join(__dirname, '..', '..');
const DEPLOYMENT = 'signpost';
const run = promisify(execFile);

/** Settings of a process that belongs to a build. */
export const ofBuild = (buildId: string) => ({ SIGNPOST_DEPLOYMENT_NAME: DEPLOYMENT, SIGNPOST_BUILD_ID: buildId });

/** Makes a build the current version, with the command of docs/operators/upgrades.md. */
export async function setCurrent(address: string, buildId: string, ...options: string[]): Promise<void> {
  await run(fromSetup('temporalCli'), [
    ...['worker', 'deployment', 'set-current-version', '--address', address],
    ...['--deployment-name', DEPLOYMENT, '--build-id', buildId, '--yes', ...options],
  ]);
}

/**
 * Copies the built service and changes its workflow code as a later version would: each attempt of
 * a notification adds a marker to the history.
 *
 * @returns its main program
 */
export function buildOfNextVersion(): string {
  const directory = tempDir();
  cpSync(path.join(ROOT, 'dist'), path.join(directory, 'dist'), { recursive: true });
  cpSync(path.join(ROOT, 'package.json'), path.join(directory, 'package.json'));
  for (const name of ['node_modules', 'migrations']) symlinkSync(path.join(ROOT, name), path.join(directory, name));
  const file = path.join(directory, 'dist', 'workflow-bundle.js');
  const code = readFileSync(file, 'utf8');
  const changed = code.replace('sequence += 1;', "(0, workflow_1.patched)('next-version'); sequence += 1;");
  if (changed === code) throw new Error('the workflow bundle has no line to change');
  writeFileSync(file, changed);
  return path.join(directory, 'dist', 'main.js');
}
