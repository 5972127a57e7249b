import { ConfigError } from '../../config';
import type { Sealer } from './crypto';
import type { Executor } from './database';

const TEXT = 'signpost';
const CONTEXT = 'master-key-check';

/**
 * Checks that the secrets of this database can be opened. The first process leaves a check value.
 * In a database that is older than the check, the oldest secret takes its place.
 *
 * @throws ConfigError if another master key sealed them
 */
export async function requireMasterKey(db: Executor, sealer: Sealer): Promise<void> {
  const sealed = sealer.seal(TEXT, CONTEXT);
  await db.query({
    text: `insert into master_key_check (ciphertext, key_id)
      select $1, $2 where coalesce(
        (select key_id = $2 from subscription_secrets order by id limit 1), true
      )
      on conflict do nothing`,
    values: [sealed.ciphertext, sealed.keyId],
  });
  const { rows } = await db.query<{ ciphertext: Buffer | null; keyId: string }>({
    text: `select ciphertext, coalesce(c.key_id, oldest.key_id) as "keyId"
      from (values (1)) as one
      left join master_key_check c on true
      left join (select key_id from subscription_secrets order by id limit 1) as oldest on true`,
  });
  const { ciphertext, keyId } = rows[0]!;
  if (keyId === sealed.keyId && ciphertext !== null && opens(sealer, { ciphertext, keyId })) return;
  throw new ConfigError(
    `SIGNPOST_MASTER_KEY is not the key of this database: its secrets are sealed with master key ${keyId}, and this process has ${sealed.keyId}. ` +
      'Set the key with which the database was set up. Without it the secrets cannot be read again.',
  );
}

function opens(sealer: Sealer, sealed: { ciphertext: Buffer; keyId: string }): boolean {
  try {
    return sealer.open(sealed, CONTEXT) === TEXT;
  } catch {
    return false;
  }
}
