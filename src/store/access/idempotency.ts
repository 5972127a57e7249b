import { stringifyLossless, LosslessJson } from '../../domain/lossless-json';
import type { Sealer } from '../db/crypto';
import type { Executor } from '../db/database';

const LIFETIME = '24 hours';

export interface IdempotencyOwner {
  principalId: string;
  key: string;
}

export interface StoredAnswer {
  status: number;
  body?: unknown;
}

/**
 * Claims a key for the current transaction. Waits while another transaction holds it.
 *
 * @returns undefined if the key is new or older than 24 hours, the first answer if the request is
 *   the same, or `conflict` if the key was used for another request
 */
export async function claimIdempotencyKey(
  db: Executor,
  sealer: Sealer,
  owner: IdempotencyOwner,
  requestHash: Buffer,
): Promise<StoredAnswer | 'conflict' | undefined> {
  const claimed = await db.query({
    text: `insert into idempotency_keys as k (principal_id, key, request_hash) values ($1, $2, $3)
           on conflict (principal_id, key) do update
             set request_hash = excluded.request_hash, answer = '', answer_key_id = '', created_at = now()
             where k.created_at < now() - interval '${LIFETIME}'
           returning true`,
    values: [owner.principalId, owner.key, requestHash],
  });
  if (claimed.rowCount) return undefined;
  return (await findIdempotentAnswer(db, sealer, owner, requestHash)) ?? 'conflict';
}

/**
 * Finds the first answer to a request without claiming its key.
 *
 * @returns undefined if the key is new or older than 24 hours, or `conflict` if it was used for
 *   another request
 */
export async function findIdempotentAnswer(
  db: Executor,
  sealer: Sealer,
  owner: IdempotencyOwner,
  requestHash: Buffer,
): Promise<StoredAnswer | 'conflict' | undefined> {
  const { rows } = await db.query<{ request_hash: Buffer } & AnswerColumns>({
    text: `select request_hash, answer, answer_key_id from idempotency_keys
           where principal_id = $1 and key = $2 and created_at >= now() - interval '${LIFETIME}'`,
    values: [owner.principalId, owner.key],
  });
  const row = rows[0];
  if (!row) return undefined;
  if (!row.request_hash.equals(requestHash)) return 'conflict';
  const answer = new LosslessJson(openAnswer(sealer, owner, row));
  const body = answer.at('body');
  return { status: Number(answer.at('status')), body: body && new LosslessJson(body) };
}

/** A row with an answer. One that holds no secret is the text itself, without the id of a key. */
export interface AnswerColumns {
  answer: Buffer;
  answer_key_id: string;
}

/** @throws Error if the answer was sealed with another master key */
export function openAnswer(sealer: Sealer, owner: IdempotencyOwner, row: AnswerColumns): string {
  if (row.answer_key_id === '') return row.answer.toString('utf8');
  return sealer.open({ ciphertext: row.answer, keyId: row.answer_key_id }, answerContext(owner));
}

/**
 * Stores the answer for the next request with the same key.
 *
 * @param sealer - seals an answer that may hold a secret; undefined if it holds none
 */
export async function storeIdempotentAnswer(
  db: Executor,
  sealer: Sealer | undefined,
  owner: IdempotencyOwner,
  answer: StoredAnswer,
): Promise<void> {
  const text = stringifyLossless(answer);
  const sealed = sealer?.seal(text, answerContext(owner)) ?? { ciphertext: Buffer.from(text), keyId: '' };
  await db.query({
    text: 'update idempotency_keys set answer = $3, answer_key_id = $4 where principal_id = $1 and key = $2',
    values: [owner.principalId, owner.key, sealed.ciphertext, sealed.keyId],
  });
}

/** What an answer is sealed for. */
export function answerContext(owner: IdempotencyOwner): string {
  return `idempotency ${owner.principalId} ${owner.key}`;
}

/** Deletes keys that are older than 24 hours. */
export async function deleteExpiredIdempotencyKeys(db: Executor): Promise<void> {
  await db.query({ text: `delete from idempotency_keys where created_at < now() - interval '${LIFETIME}'` });
}
