import { ConfigError } from '../../config';
import type { Sealed } from '../../domain/sealed';
import type { KeyRing } from './crypto';
import type { Database, Executor } from './database';

const TEXT = 'signpost';
const CONTEXT = 'master-key-check';

/**
 * Checks that this process can open everything in the database, and notes that it seals with its
 * key. The database has a check value for each key in use: of the first process, and during a
 * rotation also of the new key. In a database that is older than the check, the oldest secret takes
 * its place.
 *
 * @throws ConfigError if a key in use is missing
 */
export async function requireMasterKey(db: Database, keys: KeyRing): Promise<void> {
  await db.transaction(async (executor) => {
    await requireKeysInUse(executor, keys);
    await noteKey(executor, keys);
  });
}

/** Notes that this process seals with its key from now on. */
export async function noteKey(executor: Executor, keys: KeyRing): Promise<void> {
  const sealed = keys.seal(TEXT, CONTEXT);
  await executor.query({
    text: `insert into master_key_check (ciphertext, key_id, seen_at) values ($1, $2, now())
           on conflict (key_id) do update set ciphertext = excluded.ciphertext, seen_at = now(), retired_at = null`,
    values: [sealed.ciphertext, sealed.keyId],
  });
}

/**
 * Checks that no key in use is missing, and keeps other processes from adding one until the
 * transaction ends.
 *
 * @throws ConfigError if a key in use is missing
 */
export async function requireKeysInUse(executor: Executor, keys: KeyRing): Promise<void> {
  await executor.query({ text: 'lock table master_key_check in share row exclusive mode' });
  await executor.query({
    text: `insert into master_key_check (key_id, ciphertext)
           select key_id, '' from subscription_secrets where not exists (select from master_key_check) order by id limit 1`,
  });
  const { rows } = await executor.query<{ keyId: string; ciphertext: Buffer }>({
    text: 'select key_id as "keyId", ciphertext from master_key_check where retired_at is null',
  });
  const missing = rows.find((row) => !opens(keys, row));
  if (missing) throw new ConfigError(messageOf(missing.keyId, rows.length > 1, keys));
}

function messageOf(missing: string, isRotating: boolean, { keyId, previousKeyId }: KeyRing): string {
  const given = previousKeyId === undefined ? keyId : `${keyId} and ${previousKeyId}`;
  return isRotating
    ? `A rotation of the master key is under way: values are sealed with master key ${missing} as well, and this process has ${given}. ` +
        'Set SIGNPOST_MASTER_KEY and SIGNPOST_MASTER_KEY_PREVIOUS to both keys until `signpost keys rotate` has finished.'
    : `SIGNPOST_MASTER_KEY is not the key of this database: its secrets are sealed with master key ${missing}, and this process has ${given}. ` +
        'Set the key with which the database was set up; to replace it, set it as SIGNPOST_MASTER_KEY_PREVIOUS. Without it the secrets cannot be read again.';
}

function opens(keys: KeyRing, { keyId, ciphertext }: Sealed): boolean {
  // The key of a database without check values is known only by its id.
  if (ciphertext.length === 0) return keyId === keys.keyId || keyId === keys.previousKeyId;
  try {
    return keys.open({ keyId, ciphertext }, CONTEXT) === TEXT;
  } catch {
    return false;
  }
}
