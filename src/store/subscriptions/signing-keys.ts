import { decodeId } from '../../domain/ids';
import type { Sealed } from '../../domain/sealed';
import { publicKeyOf } from '../../domain/signing';
import type { Sealer } from '../db/crypto';
import type { Executor } from '../db/database';
import { signingKeysOf, type DeliverySubscriptionRow } from '../notifications/delivery-subscription';

/** The public part of a subscription's signing key. */
export interface SigningKey {
  publicKey: string;
  createdAt: Date;
  /** The previous key, during its overlap. */
  previous: { publicKey: string; expiresAt: Date } | null;
}

/** Differs from the context of the secrets, so that neither can be opened as the other. */
export const signingKeyContext = (subscriptionId: string) => `signing key of ${subscriptionId}`;

/** Opens a sealed private key, to sign with it. */
export function openSigningKey(sealer: Sealer, subscriptionId: string, sealed: Sealed): string {
  return sealer.open(sealed, signingKeyContext(subscriptionId));
}

/**
 * Makes a private key the current one. The previous key, if any, also signs for `overlapSeconds`.
 */
export async function putSigningKey(
  db: Executor,
  sealer: Sealer,
  subscriptionId: string,
  privateKey: string,
  overlapSeconds: number,
): Promise<void> {
  const { ciphertext, keyId } = sealer.seal(privateKey, signingKeyContext(subscriptionId));
  await db.query({
    text: `update subscriptions set old_signing_key = signing_key, old_signing_key_sealed_by = signing_key_sealed_by,
             old_signing_key_until = now() + make_interval(secs => $4), signing_key = $2, signing_key_sealed_by = $3, signing_key_created_at = now()
           where id = $1`,
    values: [decodeId('sub', subscriptionId), ciphertext, keyId, overlapSeconds],
  });
}

type Row = Parameters<typeof signingKeysOf>[0] & { signing_key_created_at: Date; old_signing_key_until: Date | null };

async function readKeys(db: Executor, subscriptionId: string): Promise<Row | undefined> {
  const { rows } = await db.query<Row & Pick<DeliverySubscriptionRow, 'signing_key'>>({
    text: `select signing_key, signing_key_sealed_by, signing_key_created_at, old_signing_key_sealed_by, old_signing_key_until,
             case when old_signing_key_until > now() then old_signing_key end as old_signing_key
           from subscriptions where id = $1`,
    values: [decodeId('sub', subscriptionId)],
  });
  return rows[0];
}

/** Opens the private keys that sign now, newest first. */
export async function privateSigningKeys(db: Executor, sealer: Sealer, subscriptionId: string): Promise<string[]> {
  const row = await readKeys(db, subscriptionId);
  return row ? signingKeysOf(row).map((sealed) => openSigningKey(sealer, subscriptionId, sealed)) : [];
}

/** @returns undefined if the subscription has no signing key */
export async function findSigningKey(
  db: Executor,
  sealer: Sealer,
  subscriptionId: string,
): Promise<SigningKey | undefined> {
  const row = await readKeys(db, subscriptionId);
  if (!row) return undefined;
  const [current, previous] = signingKeysOf(row).map((sealed) =>
    publicKeyOf(openSigningKey(sealer, subscriptionId, sealed)),
  );
  if (current === undefined) return undefined;
  return {
    publicKey: current,
    createdAt: row.signing_key_created_at,
    previous: previous === undefined ? null : { publicKey: previous, expiresAt: row.old_signing_key_until! },
  };
}

/**
 * Deletes the key. From the next attempt on there is no `v1a` signature.
 *
 * @returns whether there was a key
 */
export async function deleteSigningKey(db: Executor, subscriptionId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: `update subscriptions set signing_key = null, signing_key_sealed_by = null, signing_key_created_at = null,
             old_signing_key = null, old_signing_key_sealed_by = null, old_signing_key_until = null
           where id = $1 and signing_key is not null`,
    values: [decodeId('sub', subscriptionId)],
  });
  return rowCount === 1;
}
