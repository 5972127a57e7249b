import { decodeId } from '../../domain/ids';
import type { Executor } from '../db/database';

const LIFE = '30 days';
/** Families of one client. A further one replaces the oldest. */
const MAX_PER_CLIENT = 20;

/** A refresh token. */
export interface RefreshToken {
  /** A UUID that all successors of a token have in common. */
  family: string;
  /** SHA-256 of the token. */
  hash: Buffer;
}

/** Stores the first refresh token of a family. */
export async function insertRefreshToken(
  db: Executor,
  clientId: string,
  { family, hash }: RefreshToken,
): Promise<void> {
  await db.query({
    text: `with dropped as (
             delete from oauth_refresh_tokens where client_id = $1 and (expires_at < now()
               or hash in (select hash from oauth_refresh_tokens where client_id = $1 order by expires_at desc offset ${MAX_PER_CLIENT - 1}))
           )
           insert into oauth_refresh_tokens (hash, client_id, family, expires_at) values ($2, $1, $3, now() + interval '${LIFE}')`,
    values: [decodeId('cli', clientId), hash, family],
  });
}

/**
 * Replaces a refresh token by the next one of its family. Of concurrent uses, one succeeds.
 *
 * Another token of a family is one that was replaced before. Whoever sends it, the thief or the
 * client, the other one may have the latest, so the family ends (RFC 9700 §4.14.2).
 *
 * @returns `invalid` if the client does not have the token, or it has expired
 */
export async function replaceRefreshToken(
  db: Executor,
  clientId: string,
  { family, hash }: RefreshToken,
  nextHash: Buffer,
): Promise<'replaced' | 'reused' | 'invalid'> {
  const values = [decodeId('cli', clientId), family, hash];
  const replaced = await db.query({
    text: `update oauth_refresh_tokens set hash = $4, expires_at = now() + interval '${LIFE}'
           where client_id = $1 and family = $2 and hash = $3 and expires_at > now()`,
    values: [...values, nextHash],
  });
  if (replaced.rowCount === 1) return 'replaced';
  const ended = await db.query({
    text: 'delete from oauth_refresh_tokens where client_id = $1 and family = $2 and hash <> $3',
    values,
  });
  return ended.rowCount === 1 ? 'reused' : 'invalid';
}

/** Deletes the refresh tokens that have expired. */
export async function deleteExpiredRefreshTokens(db: Executor): Promise<void> {
  await db.query({ text: 'delete from oauth_refresh_tokens where expires_at < now()' });
}
