import type { KeyRing } from '../db/crypto';
import { isContended, type Executor } from '../db/database';
import { SEALED_PLACES, type SealedPlace } from './sealed-places';

const PAGE = 200;
/** Statements in flight. */
const CONCURRENCY = 4;

/** A value that the previous key does not open, although its row names this key. */
export interface Unreadable {
  place: string;
  id: string;
}

/** The outcome of a pass over all places. */
export interface Pass {
  /** Values that this pass sealed again. */
  resealed: number;
  /** Values that somebody else has changed or sealed again meanwhile. */
  changedMeanwhile: number;
  unreadable: Unreadable[];
}

interface SealedRow {
  id: (string | Buffer)[];
  owner: string | null;
  ciphertext: Buffer;
}

/** The number of values by key and place. */
export interface SealedCount {
  place: string;
  keyId: string;
  values: number;
}

export async function countSealed(db: Executor): Promise<SealedCount[]> {
  const counts: SealedCount[] = [];
  for (const { name, table, ciphertext, keyId } of SEALED_PLACES) {
    const { rows } = await db.query<{ keyId: string; values: number }>({
      text: `select ${keyId} as "keyId", count(*) as "values" from ${table}
             where ${ciphertext} is not null and ${keyId} <> '' group by ${keyId} order by ${keyId}`,
    });
    counts.push(...rows.map((row) => ({ place: name, ...row })));
  }
  return counts;
}

/**
 * Seals what the previous key sealed with the current key. Each value is a transaction of its own,
 * which changes it only if it is still as it was read: no lock is held while another is awaited,
 * and no change of somebody else is lost. Values whose rows are locked are left to the next pass.
 *
 * @param onProgress - called with the number of values that were visited since the last call
 */
export async function resealOnce(
  db: Executor,
  keys: KeyRing & { previousKeyId: string },
  onProgress: (visited: number) => void,
): Promise<Pass> {
  const pass: Pass = { resealed: 0, changedMeanwhile: 0, unreadable: [] };
  for (const place of SEALED_PLACES) {
    let after = Object.values(place.id);
    for (;;) {
      const rows = await readPage(db, place, keys.previousKeyId, after);
      for (let next = 0; next < rows.length; next += CONCURRENCY) {
        const group = rows.slice(next, next + CONCURRENCY);
        await Promise.all(group.map((row) => resealRow(db, keys, place, row, pass)));
        onProgress(group.length);
      }
      if (rows.length < PAGE) break;
      after = rows.at(-1)!.id;
    }
  }
  return pass;
}

async function readPage(
  db: Executor,
  place: SealedPlace,
  previousKeyId: string,
  after: (string | Buffer)[],
): Promise<SealedRow[]> {
  const { table, ciphertext, keyId, owner } = place;
  const columns = Object.keys(place.id);
  const { rows } = await db.query<Record<string, string | Buffer>>({
    text: `select ${columns.join(', ')}, ${owner ?? 'null'} as sealed_owner, ${ciphertext} as sealed_text from ${table}
           where ${keyId} = $1 and ${ciphertext} is not null and (${columns.join(', ')}) > (${columns.map((_, index) => `$${index + 2}`).join(', ')})
           order by ${columns.join(', ')} limit ${PAGE}`,
    values: [previousKeyId, ...after],
  });
  return rows.map((row) => ({
    id: columns.map((column) => row[column]!),
    owner: row.sealed_owner as string | null,
    ciphertext: row.sealed_text as Buffer,
  }));
}

async function resealRow(
  db: Executor,
  keys: KeyRing & { previousKeyId: string },
  place: SealedPlace,
  row: SealedRow,
  pass: Pass,
): Promise<void> {
  const context = place.contextOf(row);
  const opened = openOrUndefined(keys, row, context);
  if (opened === undefined) {
    const id = row.id.map((part) => (typeof part === 'string' ? part : part.toString('hex'))).join(' ');
    pass.unreadable.push({ place: place.name, id });
    return;
  }
  const sealed = keys.seal(opened, context);
  try {
    const { rowCount } = await db.query({
      text: updateText(place),
      values: [sealed.ciphertext, sealed.keyId, row.ciphertext, ...row.id, ...(place.owner ? [row.owner] : [])],
    });
    if (rowCount) pass.resealed += 1;
    else pass.changedMeanwhile += 1;
  } catch (error) {
    if (!isContended(error)) throw error;
  }
}

/**
 * A change of a secret also changes its subscription, by a trigger. Everybody else locks the
 * subscription first, so this statement does, too.
 */
function updateText({ table, id, ciphertext, keyId, owner }: SealedPlace): string {
  const columns = Object.keys(id);
  const isSame = columns.map((column, index) => `t.${column} = $${index + 4}`).join(' and ');
  const lock = `with owner as materialized (select from subscriptions where id = $${columns.length + 4} for no key update) `;
  return `${owner ? lock : ''}update ${table} t set ${ciphertext} = $1, ${keyId} = $2 ${owner ? 'from owner ' : ''}where ${isSame} and t.${ciphertext} = $3`;
}

function openOrUndefined(
  keys: KeyRing & { previousKeyId: string },
  { ciphertext }: SealedRow,
  context: string,
): string | undefined {
  try {
    return keys.open({ ciphertext, keyId: keys.previousKeyId }, context);
  } catch {
    return undefined;
  }
}
