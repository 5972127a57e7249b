import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fromSetup } from './environment';

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
