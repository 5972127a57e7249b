import { decodeId, newUuid } from '../../domain/ids';
import { generateSecret } from '../../domain/signing';
import type { Sealer } from '../db/crypto';
import type { Executor } from '../db/database';

/** A secret in plaintext. It leaves the store only to sign, to be revealed, or to be shown once. */
export interface Secret {
  secret: string;
  createdAt: Date;
  /** Null for the current secret. */
  expiresAt: Date | null;
}

/** A secret that becomes the current one. */
export interface NewSecret {
  secret: string;
  /** Whether the caller chose it. Format `flat` contains only such a secret. */
  chosen: boolean;
}

/** @param given - the secret that the caller sent, if any */
export const newSecret = (given: string | undefined): NewSecret => ({
  secret: given ?? generateSecret(),
  chosen: given !== undefined,
});

/**
 * Seals and inserts a subscription's current secret. The seal is bound to the subscription's public
 * id.
 */
export async function insertSecret(
  db: Executor,
  sealer: Sealer,
  subscriptionId: string,
  { secret, chosen }: NewSecret,
): Promise<void> {
  const { ciphertext, keyId } = sealer.seal(secret, subscriptionId);
  await db.query({
    text: 'insert into subscription_secrets (id, subscription_id, ciphertext, key_id, chosen) values ($1, $2, $3, $4, $5)',
    values: [newUuid(), decodeId('sub', subscriptionId), ciphertext, keyId, chosen],
  });
}

/**
 * Makes a new secret the current one. The previous one also signs for `overlapSeconds`. Older
 * secrets that are still in an overlap end now, so that a receiver has to try at most two.
 *
 * @returns false if it is the current secret already; then nothing changes
 */
export async function rotateSecret(
  db: Executor,
  sealer: Sealer,
  subscriptionId: string,
  next: NewSecret,
  overlapSeconds: number,
): Promise<boolean> {
  const [current] = await currentSecrets(db, sealer, subscriptionId);
  const uuid = decodeId('sub', subscriptionId);
  if (current?.secret === next.secret) {
    // Chosen now, after it was generated: a receiver that knows it wants to get it.
    const { rowCount } = await db.query({
      text: 'update subscription_secrets set chosen = true where subscription_id = $1 and expires_at is null and not chosen and $2',
      values: [uuid, next.chosen],
    });
    return rowCount === 1;
  }
  await db.query({
    text: 'delete from subscription_secrets where subscription_id = $1 and expires_at is not null',
    values: [uuid],
  });
  const { rows } = await db.query<{ chosen: boolean }>({
    text: 'update subscription_secrets set expires_at = now() + make_interval(secs => $2) where subscription_id = $1 returning chosen',
    values: [uuid, overlapSeconds],
  });
  // A receiver that was given a secret keeps getting one.
  const chosen = next.chosen || rows.some((row) => row.chosen);
  await insertSecret(db, sealer, subscriptionId, { ...next, chosen });
  return true;
}

/**
 * Reads the secrets that sign now, the current one first. By the clock, because a transaction may
 * have waited for a rotation since it began.
 */
export async function currentSecrets(db: Executor, sealer: Sealer, subscriptionId: string): Promise<Secret[]> {
  const { rows } = await db.query<{ ciphertext: Buffer; key_id: string; created_at: Date; expires_at: Date | null }>({
    text: `select ciphertext, key_id, created_at, expires_at from subscription_secrets
           where subscription_id = $1 and (expires_at is null or expires_at > clock_timestamp()) order by expires_at desc nulls first`,
    values: [decodeId('sub', subscriptionId)],
  });
  return rows.map((row) => ({
    secret: sealer.open({ ciphertext: row.ciphertext, keyId: row.key_id }, subscriptionId),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }));
}
