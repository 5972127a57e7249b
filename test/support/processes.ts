import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Runs Node in the project's root.
 *
 * @returns its standard output
 * @throws if the exit code is not 0
 */
export async function runNode(args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, args, { cwd: path.join(__dirname, '..', '..') });
  return stdout;
}
