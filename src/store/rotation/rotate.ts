import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyRing } from '../db/crypto';
import type { Database } from '../db/database';
import { requireKeysInUse, noteKey } from '../db/master-key-check';
import { listKeyUse, reportKeyUse, retireKey } from '../db/master-key-use';
import { countSealed, resealOnce, type Unreadable } from './reseal';

/** Longest life of an access token, which a key signs as well: that of a portal link. */
const TOKEN_LIFE_MS = 24 * 3_600_000;
/** Rows that somebody keeps locked are tried again after this time, and given up after some. */
const RETRY_AFTER_MS = 1000;
const MAX_IDLE_PASSES = 10;

/** The outcome of a rotation. */
export interface Rotation {
  /** Values that the previous key sealed at the beginning. */
  total: number;
  /** Values that this run sealed again. Another run may have sealed others. */
  resealed: number;
  /** Values that the previous key sealed at the end. */
  left: number;
  /** Values that cannot be opened. They count as left. */
  unreadable: Unreadable[];
  /**
   * When the last access token that the previous key signed expires, if no stored value needs the
   * key any more; null if one does.
   */
  removableAt: Date | null;
}

/**
 * Begins a rotation: the current key is in use from now on, if it was not before.
 *
 * @returns false if a process still seals with the previous key. It might not know the current one
 * @throws ConfigError if a key in use is missing
 */
export async function beginRotation(db: Database, keys: KeyRing): Promise<boolean> {
  return db.transaction(async (executor) => {
    await requireKeysInUse(executor, keys);
    const use = await listKeyUse(executor);
    if (use.some(({ keyId, isSealing }) => keyId === keys.previousKeyId && isSealing)) return false;
    await noteKey(executor, keys);
    return true;
  });
}

/**
 * Seals every value of the previous key with the current one, while the service runs. It may be
 * stopped at any point and run again, and several runs do no harm to each other.
 *
 * @param onProgress - called with the number of values that were visited, out of `total`
 */
export async function rotate(
  db: Database,
  keys: KeyRing & { previousKeyId: string },
  onProgress: (done: number, total: number) => void,
): Promise<Rotation> {
  const total = await countLeft(db, keys.previousKeyId);
  let visited = 0;
  let resealed = 0;
  for (let idlePasses = 0; ;) {
    const pass = await resealOnce(db, keys, (more) => {
      visited += more;
      onProgress(Math.min(visited, total), total);
    });
    resealed += pass.resealed;
    await reportKeyUse(db, keys, keys.takeSeals());
    const left = await countLeft(db, keys.previousKeyId);
    const { unreadable } = pass;
    if (left === 0) return { total, resealed, left, unreadable, removableAt: await retire(db, keys.previousKeyId) };
    idlePasses = pass.resealed > 0 ? 0 : idlePasses + 1;
    if (left <= unreadable.length || idlePasses >= MAX_IDLE_PASSES)
      return { total, resealed, left, unreadable, removableAt: null };
    await sleep(RETRY_AFTER_MS);
  }
}

async function countLeft(db: Database, keyId: string): Promise<number> {
  const counts = await countSealed(db);
  return counts.reduce((sum, count) => sum + (count.keyId === keyId ? count.values : 0), 0);
}

async function retire(db: Database, keyId: string): Promise<Date | null> {
  await retireKey(db, keyId);
  const use = (await listKeyUse(db)).find((key) => key.keyId === keyId);
  if (use?.retiredAt === null) return null;
  return new Date((use?.seenAt?.getTime() ?? Date.now()) + TOKEN_LIFE_MS);
}
