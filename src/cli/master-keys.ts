import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../config';
import { SETTINGS } from '../config/settings';
import type { KeyRing } from '../store/db/crypto';
import type { Database } from '../store/db/database';
import { secretOf } from '../../cli/src/connection';
import { CliError, EXIT } from '../../cli/src/exit-codes';

type Env = Record<string, string | undefined>;

/** The database of the service and the keys that open its sealed values. */
export interface MasterKeys {
  db: Database;
  keys: KeyRing;
}

/**
 * Runs work with the database and the master keys that the environment names, as the service would.
 *
 * @throws CliError if a setting is missing or invalid, or a key in use is missing
 */
export async function withMasterKeys<T>(env: Env, work: (keys: MasterKeys) => Promise<T>): Promise<T> {
  const dataDir = path.resolve(env.SIGNPOST_DATA_DIR || '.signpost');
  const url = await databaseUrlOf(env, dataDir);
  const previous = keyOf(env, 'SIGNPOST_MASTER_KEY_PREVIOUS');
  const current = keyOf(env, 'SIGNPOST_MASTER_KEY') ?? generatedKey(env, dataDir);
  const { createSealer } = await import('../store/db/crypto.js');
  const { openDatabase } = await import('../store/db/database.js');
  const { inspectPostgres } = await import('../store/db/pooler.js');
  const { requireKeysInUse } = await import('../store/db/master-key-check.js');
  const keys = createSealer(current, previous);
  const transactionPooling = (await inspectPostgres(url).catch(refuse)) === 'transaction';
  const db = openDatabase(url, () => undefined, { max: 4, transactionPooling });
  try {
    await db.transaction((executor) => requireKeysInUse(executor, keys));
    return await work({ db, keys });
  } catch (error) {
    return refuse(error);
  } finally {
    await db.close();
  }
}

function refuse(error: unknown): never {
  if (error instanceof CliError) throw error;
  if (error instanceof ConfigError) throw new CliError(EXIT.usage, error.message);
  const { message, code } = error as Error & { code?: string };
  // Postgres and the connection to it give their errors a code.
  if (code === undefined && !/[Cc]onnect/.test(message)) throw error;
  throw new CliError(
    EXIT.failed,
    `The database failed: ${message || code}. What was sealed again stays so; run the command again.`,
  );
}

async function databaseUrlOf(env: Env, dataDir: string): Promise<string> {
  const given = secretOf(env, 'DATABASE_URL');
  if (given !== undefined) return given;
  const { findRunningPostgres } = await import('../embedded/running-postgres.js');
  const url = findRunningPostgres(dataDir);
  if (url !== undefined) return url;
  throw new CliError(
    EXIT.usage,
    `No database given: set DATABASE_URL, or start the service whose embedded Postgres is in ${dataDir}.`,
  );
}

function keyOf(env: Env, name: 'SIGNPOST_MASTER_KEY' | 'SIGNPOST_MASTER_KEY_PREVIOUS'): Buffer | undefined {
  const { schema, expected } = SETTINGS[name];
  const result = schema.safeParse(secretOf(env, name));
  if (result.success) return result.data;
  throw new CliError(EXIT.usage, `${name} has an invalid value (not shown): it must be ${expected}.`);
}

/** The key that the service generated for an embedded Postgres. */
export function generatedKey(env: Env, dataDir: string): Buffer {
  try {
    if (secretOf(env, 'DATABASE_URL') === undefined)
      return Buffer.from(readFileSync(path.join(dataDir, 'master-key'), 'utf8'), 'base64');
  } catch {
    // The message is the same as if there could be none.
  }
  throw new CliError(EXIT.usage, 'SIGNPOST_MASTER_KEY is not set. Set the key with which the service runs.');
}
