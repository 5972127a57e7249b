import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../../config';
import { isContended, isUnavailable } from './database';
import { ReadOnlyError } from './pooler';

const DATABASE_WAIT_MS = 60_000;

/** A Postgres, the setting that names it, and whom to inform of a wait. */
export interface Wait {
  url: string;
  setting: string;
  /** Called once if it has to wait. */
  report(line: string): void;
  /** Ends the wait. */
  abandon: AbortSignal | undefined;
}

/**
 * Runs start-up work on Postgres. Waits up to a minute for a Postgres that is starting, but not for
 * one that refuses the connection.
 *
 * @throws ConfigError if the setting has to be corrected
 */
export async function whenUp<T>({ url, setting, report, abandon }: Wait, work: () => Promise<T>): Promise<T> {
  const { host } = new URL(url);
  const until = Date.now() + DATABASE_WAIT_MS;
  for (let reported = false; ; reported = true) {
    try {
      return await work();
    } catch (error) {
      abandon?.throwIfAborted();
      // A migration gives up when it would stop writers behind a lock.
      if (!isUnavailable(error) && !isContended(error)) throw refusedByDatabase(error, host, setting);
      if (Date.now() > until) throw new ConfigError(adviceOn(error, host, setting), { cause: error });
      if (!reported) report(`waiting for Postgres at ${host} …`);
      await sleep(1000, undefined, { signal: abandon });
    }
  }
}

function adviceOn(error: unknown, host: string, setting: string): string {
  if (error instanceof ReadOnlyError) return `Postgres at ${host} is read-only. Promote it, or correct ${setting}.`;
  const { message } = error as Error;
  return isContended(error)
    ? `Postgres at ${host} let nothing be written for a minute (${message}). Another session keeps a lock, or commits hang.`
    : `Postgres at ${host} does not respond (${message}). Start it, or correct ${setting}.`;
}

/**
 * Class 28: wrong credentials. 3D000: no such database. 42501: missing permissions. Each needs a
 * correction of the setting.
 */
function refusedByDatabase(error: unknown, host: string, setting: string): unknown {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return /^(28|3D000|42501)/.test(code)
    ? new ConfigError(`Postgres at ${host} refused the connection (${message}). Correct ${setting}.`, {
        cause: error,
      })
    : error;
}
