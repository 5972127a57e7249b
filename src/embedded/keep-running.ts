import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './processes';

const CHECK_INTERVAL_MS = 1000;
/** Pause after a start that failed, for example because processes of the old server are ending. */
const TRY_AGAIN_AFTER_MS = 5000;

/** A server process that was started or adopted. */
export interface ServerProcess {
  pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a server again when it ends by itself, for example because it was killed when memory was
 * short. Otherwise this process would answer 503 until somebody restarts it.
 *
 * @param startAgain - starts it at the same address
 * @param report - called with one line when it has ended, and when it runs again
 * @returns what stops it for good; resolves when its process is gone
 */
export function keepRunning(
  name: string,
  first: ServerProcess,
  startAgain: () => Promise<ServerProcess>,
  report: (line: string) => void,
): () => Promise<void> {
  let server = first;
  let starting: Promise<void> | undefined;
  const stopping = new AbortController();

  async function start(): Promise<void> {
    report(`${name} has ended; starting it again …`);
    try {
      server = await startAgain();
      report(`${name} runs again`);
    } catch (error) {
      report(`${name} did not start: ${(error as Error).message}`);
      await sleep(TRY_AGAIN_AFTER_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    starting = undefined;
  }

  const timer = setInterval(() => {
    if (!isAlive(server.pid)) starting ??= start();
  }, CHECK_INTERVAL_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await starting;
    await server.stop();
  };
}
