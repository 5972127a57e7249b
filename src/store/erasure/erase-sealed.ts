import { sha256 } from '../../domain/sha256';
import type { Sealer } from '../db/crypto';
import type { Database } from '../db/database';
import { openAnswer, type AnswerColumns } from '../access/idempotency';
import { sessionContext } from '../access/sessions';
import { addCounts } from './erasures';
import type { KnownIds } from './known-ids';

const PAGE = 200;
const IDS = /\b[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}\b/g;

interface AnswerRow extends AnswerColumns {
  principal_id: string;
  key: string;
}

/**
 * Deletes the responses kept for an `Idempotency-Key` that are about a customer. Some are sealed,
 * so each is opened. Responses to batches of events stay: they hold only generated ids, belong to
 * other customers as well, and expire within 24 hours.
 *
 * @param onPage - called after each page
 */
export async function deleteAnswers(
  db: Database,
  sealer: Sealer,
  erasureId: string,
  known: KnownIds,
  onPage: () => void,
): Promise<void> {
  for (let after = ['', '']; ;) {
    const { rows } = await db.query<AnswerRow>({
      text: `select principal_id, key, answer, answer_key_id from idempotency_keys
             where (principal_id, key) > ($1, $2) order by principal_id, key limit ${PAGE}`,
      values: after,
    });
    const found = rows.filter((row) => isAbout(sealer, row, known));
    if (found.length > 0)
      await db.transaction(async (executor) => {
        const { rowCount } = await executor.query({
          text: 'delete from idempotency_keys k using unnest($1::text[], $2::text[]) as f (principal_id, key) where k.principal_id = f.principal_id and k.key = f.key',
          values: [found.map((row) => row.principal_id), found.map((row) => row.key)],
        });
        await addCounts(executor, erasureId, { idempotentAnswers: rowCount ?? 0 });
      });
    onPage();
    const last = rows.at(-1);
    if (rows.length < PAGE || !last) return;
    after = [last.principal_id, last.key];
  }
}

function isAbout(sealer: Sealer, row: AnswerRow, { customerId, ids }: KnownIds): boolean {
  if (ids.has(row.principal_id)) return true;
  const text = orEmpty(() => openAnswer(sealer, { principalId: row.principal_id, key: row.key }, row));
  if (text.includes('"results":[')) return false;
  const id = JSON.stringify(customerId);
  const isCustomer = text.includes(`"id":${id}`) && text.includes('"retrySchedule"');
  return isCustomer || text.includes(`"customerId":${id}`) || (text.match(IDS) ?? []).some((one) => ids.has(one));
}

interface SessionRow {
  token_hash: Buffer;
  credential: Buffer;
  credential_key_id: string;
}

/** Deletes the browser sessions in which a customer's credentials signed in. */
export async function deleteSessions(
  db: Database,
  sealer: Sealer,
  erasureId: string,
  known: KnownIds,
  onPage: () => void,
): Promise<void> {
  for (let after: Buffer = Buffer.alloc(0); ;) {
    const { rows }: { rows: SessionRow[] } = await db.query<SessionRow>({
      text: `select token_hash, credential, credential_key_id from sessions where token_hash > $1 order by token_hash limit ${PAGE}`,
      values: [after],
    });
    const found = rows.filter((row) => {
      const sealed = { ciphertext: row.credential, keyId: row.credential_key_id };
      const credential = orEmpty(() => sealer.open(sealed, sessionContext(row.token_hash)));
      return known.keyHashes.has(sha256(credential).toString('base64')) || isTokenOf(credential, known.ids);
    });
    if (found.length > 0)
      await db.transaction(async (executor) => {
        const { rowCount } = await executor.query({
          text: 'delete from sessions where token_hash = any($1)',
          values: [found.map((row) => row.token_hash)],
        });
        await addCounts(executor, erasureId, { sessions: rowCount ?? 0 });
      });
    onPage();
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.token_hash;
  }
}

/** Whether an access token names one of these OAuth clients or portal sessions. */
function isTokenOf(credential: string, ids: ReadonlySet<string>): boolean {
  const payload = credential.split('.')[1];
  return (
    payload !== undefined && (Buffer.from(payload, 'base64url').toString().match(IDS) ?? []).some((id) => ids.has(id))
  );
}

/** What a lost master key sealed cannot be read by anybody. */
function orEmpty(open: () => string): string {
  try {
    return open();
  } catch {
    return '';
  }
}
