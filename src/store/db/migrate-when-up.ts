import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../../config';
import { isUnavailable } from './database';
import { migrate } from './migrate';

const DATABASE_WAIT_MS = 60_000;

/**
 * Brings the schema up to date. A database that is starting beside us is waited for, for a minute; one that refuses us is not.
 *
 * @param report - told, once, that it is waited for
 * @throws ConfigError where `DATABASE_URL` is for somebody to correct
 */
export async function migrateWhenUp(
  databaseUrl: string,
  report: (line: string) => void,
  abandon: AbortSignal | undefined,
): Promise<void> {
  const { host } = new URL(databaseUrl);
  const until = Date.now() + DATABASE_WAIT_MS;
  for (let told = false; ; told = true) {
    try {
      await migrate(databaseUrl);
      return;
    } catch (error) {
      if (!isUnavailable(error)) throw refusedByDatabase(error, host);
      if (Date.now() > until)
        throw new ConfigError(`Postgres at ${host} does not answer: start it, or correct DATABASE_URL.`, {
          cause: error,
        });
      if (!told) report(`waiting for Postgres at ${host} …`);
      await sleep(1000, undefined, { signal: abandon });
    }
  }
}

/** Class 28: the credentials; 3D000: the database; 42501: its rights. All are for the one who set DATABASE_URL to mend. */
function refusedByDatabase(error: unknown, host: string): unknown {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return /^(28|3D000|42501)/.test(code)
    ? new ConfigError(`Postgres at ${host} refuses us (${message}): correct DATABASE_URL.`, { cause: error })
    : error;
}
