import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const START_WITHIN_MS = 60_000;

/**
 * Waits for the first sign of a program that a test starts. Ends the program if there is none:
 * otherwise it would outlive the test, and keep the output of Jest open.
 *
 * @param firstSign - waits for the sign, until the signal is aborted
 * @throws if the program ends first, or gives no sign within a minute
 */
export async function started<T>(child: ChildProcess, firstSign: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(START_WITHIN_MS);
  const ended = async () => {
    const [code] = await once(child, 'exit', { signal });
    throw new Error(`the program ended with ${code} before its first sign`);
  };
  try {
    return await Promise.race([firstSign(signal), ended()]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

/** Ends a program that a test started, also one that is stopped. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
