import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../../config';
import { isContended, isUnavailable } from './database';
import { migrate } from './migrate';

const DATABASE_WAIT_MS = 60_000;

/**
 * Migrates the schema. Waits up to a minute for a Postgres that is starting, but not for one that
 * refuses the connection.
 *
 * @param report - called once if it has to wait
 * @throws ConfigError if `DATABASE_URL` has to be corrected
 */
export async function migrateWhenUp(
  databaseUrl: string,
  report: (line: string) => void,
  abandon: AbortSignal | undefined,
): Promise<void> {
  const { host } = new URL(databaseUrl);
  const until = Date.now() + DATABASE_WAIT_MS;
  for (let reported = false; ; reported = true) {
    try {
      await migrate(databaseUrl);
      return;
    } catch (error) {
      // A migration gives up when it would stop writers behind a lock.
      if (!isUnavailable(error) && !isContended(error)) throw refusedByDatabase(error, host);
      if (Date.now() > until && isContended(error)) throw error;
      if (Date.now() > until)
        throw new ConfigError(`Postgres at ${host} does not respond. Start it, or correct DATABASE_URL.`, {
          cause: error,
        });
      if (!reported) report(`waiting for Postgres at ${host} …`);
      await sleep(1000, undefined, { signal: abandon });
    }
  }
}

/**
 * Class 28: wrong credentials. 3D000: no such database. 42501: missing permissions. Each needs a
 * correction of DATABASE_URL.
 */
function refusedByDatabase(error: unknown, host: string): unknown {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return /^(28|3D000|42501)/.test(code)
    ? new ConfigError(`Postgres at ${host} refused the connection (${message}). Correct DATABASE_URL.`, {
        cause: error,
      })
    : error;
}
