import type { Sealer } from '../db/crypto';
import type { Executor } from '../db/database';

/** A browser session of the web UI. */
export interface Session {
  /** The credential that was used to sign in. */
  credential: string;
  csrfToken: string;
  expiresAt: Date;
}

/** @param tokenHash - SHA-256 of the token in the cookie */
export async function insertSession(db: Executor, sealer: Sealer, tokenHash: Buffer, session: Session): Promise<void> {
  const { ciphertext, keyId } = sealer.seal(session.credential, sessionContext(tokenHash));
  await db.query({
    text: 'insert into sessions (token_hash, credential, credential_key_id, csrf_token, expires_at) values ($1, $2, $3, $4, $5)',
    values: [tokenHash, ciphertext, keyId, session.csrfToken, session.expiresAt],
  });
}

/** @returns undefined if there is no such session, or if it has expired */
export async function findSession(db: Executor, sealer: Sealer, tokenHash: Buffer): Promise<Session | undefined> {
  const { rows } = await db.query<{
    credential: Buffer;
    credential_key_id: string;
    csrf_token: string;
    expires_at: Date;
  }>({
    name: 'find-session',
    text: 'select credential, credential_key_id, csrf_token, expires_at from sessions where token_hash = $1 and expires_at > now()',
    values: [tokenHash],
  });
  const row = rows[0];
  if (!row) return undefined;
  return {
    credential: sealer.open({ ciphertext: row.credential, keyId: row.credential_key_id }, sessionContext(tokenHash)),
    csrfToken: row.csrf_token,
    expiresAt: row.expires_at,
  };
}

export async function deleteSession(db: Executor, tokenHash: Buffer): Promise<void> {
  await db.query({ text: 'delete from sessions where token_hash = $1', values: [tokenHash] });
}

/** Deletes expired sessions. */
export async function deleteExpiredSessions(db: Executor): Promise<void> {
  await db.query({ text: 'delete from sessions where expires_at < now()' });
}

/** What a credential is sealed for. */
export function sessionContext(tokenHash: Buffer): string {
  return `session ${tokenHash.toString('hex')}`;
}
