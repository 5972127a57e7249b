import type { KeyRing } from './crypto';
import type { Executor } from './database';

/** How often a process reports that it seals with its key, and how often it did. */
export const REPORT_INTERVAL_MS = 10_000;
/** After this time without a report, no process seals with a key. */
const SEEN_SECONDS = 30;

/**
 * Uses of AES-GCM with random 96-bit nonces that NIST SP 800-38D allows for one key: beyond it, the
 * probability of a repeated nonce exceeds 2^-32.
 */
export const SEAL_BUDGET = 2 ** 32;

/**
 * Adds the seals since the last report to the count of the current key. A crash loses those of the
 * last few seconds, which the margin of the warning covers.
 *
 * @returns all seals with this key
 */
export async function reportKeyUse(db: Executor, keys: KeyRing, unreported: number): Promise<number> {
  const { rows } = await db.query<{ seals: number }>({
    text: 'update master_key_check set seals = seals + $2, seen_at = now(), retired_at = null where key_id = $1 returning seals',
    values: [keys.keyId, unreported],
  });
  return rows[0]?.seals ?? unreported;
}

/** A master key that was ever used with this database. */
export interface KeyUse {
  keyId: string;
  seals: number;
  /** When a process last reported that it seals with the key. */
  seenAt: Date | null;
  /** Whether a process seals with the key now. */
  isSealing: boolean;
  retiredAt: Date | null;
}

export async function listKeyUse(db: Executor): Promise<KeyUse[]> {
  const { rows } = await db.query<KeyUse>({
    text: `select key_id as "keyId", seals, seen_at as "seenAt", retired_at as "retiredAt",
             coalesce(seen_at > now() - make_interval(secs => $1), false) as "isSealing"
           from master_key_check order by created_at`,
    values: [SEEN_SECONDS],
  });
  return rows;
}

/** Retires a key that sealed nothing that is left, unless a process seals with it. */
export async function retireKey(db: Executor, keyId: string): Promise<void> {
  await db.query({
    text: `update master_key_check set retired_at = now()
           where key_id = $1 and coalesce(seen_at < now() - make_interval(secs => $2), true)`,
    values: [keyId, SEEN_SECONDS],
  });
}
