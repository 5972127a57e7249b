import { decodeId, encodeId, newUuid } from '../../domain/ids';
import type { Principal, Role } from '../../domain/types';
import type { Sealer } from '../db/crypto';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';

/** A person who signed in by OpenID Connect. */
export interface Identity {
  issuer: string;
  subject: string;
}

/** A browser session of the web UI. */
export interface Session {
  id: string;
  /** The credential that was used to sign in, which every request checks again. */
  credential?: string;
  /** Set instead of `credential` if a person signed in: the role is fixed for the session. */
  person?: { principal: Principal; identity: Identity };
  csrfToken: string;
  expiresAt: Date;
  /** When the person, or the credential, was last proven. */
  authenticatedAt: Date;
}

/** A session to be created. */
export interface NewSession extends Omit<Session, 'id'> {
  principal: Principal;
  /** Where it was created from. */
  address: string;
  userAgent: string;
}

/** How sessions are found. */
export interface SessionRules {
  /** A session that was not used for this long has ended. */
  idleSeconds: number;
  /** The OpenID provider whose people may have sessions; undefined if there is none. */
  issuer: string | undefined;
}

/** A session in a list. */
export interface ListedSession {
  id: string;
  principalId: string;
  principalName: string;
  role: Role;
  method: 'credential' | 'oidc';
  address: string;
  userAgent: string;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
}

const IS_LIVE = `expires_at > now() and last_used_at > now() - make_interval(secs => $1)
  and (issuer is null or issuer = $2::text)`;

/**
 * @param tokenHash - SHA-256 of the token in the cookie
 * @returns the id of the session
 */
export async function insertSession(
  db: Executor,
  sealer: Sealer,
  tokenHash: Buffer,
  { principal, person, ...session }: NewSession,
): Promise<string> {
  const { ciphertext, keyId } = sealer.seal(session.credential ?? '', sessionContext(tokenHash));
  const uuid = newUuid();
  await db.query({
    text: `insert into sessions (token_hash, credential, credential_key_id, csrf_token, expires_at, id, principal_id, principal_name, role,
             product_id, issuer, subject, address, user_agent, authenticated_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    values: [
      tokenHash,
      ciphertext,
      keyId,
      session.csrfToken,
      session.expiresAt,
      uuid,
      principal.id,
      principal.name,
      principal.role,
      principal.productId,
      person?.identity.issuer ?? null,
      person?.identity.subject ?? null,
      session.address,
      session.userAgent,
      session.authenticatedAt,
    ],
  });
  return encodeId('ses', uuid);
}

interface Row {
  id: string;
  credential: Buffer;
  credential_key_id: string;
  csrf_token: string;
  expires_at: Date;
  authenticated_at: Date;
  principal_id: string;
  principal_name: string;
  role: Role;
  product_id: string | null;
  issuer: string | null;
  subject: string;
}

/** @returns undefined if there is no such session, or if it has ended */
export async function findSession(
  db: Executor,
  sealer: Sealer,
  tokenHash: Buffer,
  { idleSeconds, issuer }: SessionRules,
): Promise<Session | undefined> {
  const { rows } = await db.query<Row>({
    name: 'find-session',
    text: `select id, credential, credential_key_id, csrf_token, expires_at, authenticated_at, principal_id, principal_name, role, product_id, issuer, subject
           from sessions where token_hash = $3 and ${IS_LIVE}`,
    values: [idleSeconds, issuer ?? null, tokenHash],
  });
  const row = rows[0];
  if (!row) return undefined;
  return {
    id: encodeId('ses', row.id),
    ...(row.issuer === null
      ? {
          credential: sealer.open(
            { ciphertext: row.credential, keyId: row.credential_key_id },
            sessionContext(tokenHash),
          ),
        }
      : { person: { principal: toPrincipal(row), identity: { issuer: row.issuer, subject: row.subject } } }),
    csrfToken: row.csrf_token,
    expiresAt: row.expires_at,
    authenticatedAt: row.authenticated_at,
  };
}

function toPrincipal(row: Row): Principal {
  return {
    id: row.principal_id,
    name: row.principal_name,
    role: row.role,
    productId: row.product_id,
    customerId: null,
  };
}

/** Records that sessions are in use. */
export async function noteSessionUse(db: Executor, ids: readonly string[]): Promise<void> {
  const uuids = ids.flatMap((id) => decodeId('ses', id) ?? []);
  if (uuids.length === 0) return;
  await db.query({ text: 'update sessions set last_used_at = now() where id = any($1)', values: [uuids] });
}

type ListedRow = Omit<Row, 'credential' | 'credential_key_id' | 'csrf_token'> & {
  address: string;
  user_agent: string;
  created_at: Date;
  last_used_at: Date;
};

/**
 * Lists sessions that have not ended, newest first.
 *
 * @param principalId - only sessions of this principal; undefined for all
 */
export async function listSessions(
  db: Executor,
  principalId: string | undefined,
  { idleSeconds, issuer }: SessionRules,
  page: PageRequest,
): Promise<Page<ListedSession>> {
  const { rows } = await db.query<ListedRow>({
    text: `select id, principal_id, principal_name, role, issuer, address, user_agent, created_at, last_used_at, expires_at
           from sessions where ${IS_LIVE} and principal_id is not null and ($3::text is null or principal_id = $3) and ($4::uuid is null or id < $4)
           order by id desc limit $5`,
    values: [idleSeconds, issuer ?? null, principalId ?? null, page.after ?? null, page.limit + 1],
  });
  return toPage(rows, page, toListed, (row) => row.id);
}

function toListed(row: ListedRow): ListedSession {
  return {
    id: encodeId('ses', row.id),
    principalId: row.principal_id,
    principalName: row.principal_name,
    role: row.role,
    method: row.issuer === null ? 'credential' : 'oidc',
    address: row.address,
    userAgent: row.user_agent,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
  };
}

/**
 * Ends a session.
 *
 * @param principalId - only if it is a session of this principal; undefined for any
 * @returns whose session it was, or undefined if there is no such session
 */
export async function endSession(
  db: Executor,
  id: string,
  principalId: string | undefined,
): Promise<{ principalId: string } | undefined> {
  const { rows } = await db.query<{ principal_id: string }>({
    text: 'delete from sessions where id = $1 and ($2::text is null or principal_id = $2) returning principal_id',
    values: [decodeId('ses', id) ?? null, principalId ?? null],
  });
  return rows[0] && { principalId: rows[0].principal_id };
}

/** Ends all sessions of a principal. @returns how many */
export async function endSessionsOf(db: Executor, principalId: string): Promise<number> {
  const { rowCount } = await db.query({
    text: 'delete from sessions where principal_id = $1 and expires_at > now()',
    values: [principalId],
  });
  return rowCount ?? 0;
}

/** Deletes sessions that have ended. */
export async function deleteExpiredSessions(db: Executor): Promise<void> {
  await db.query({ text: 'delete from sessions where expires_at < now()' });
}

/** What a credential is sealed for. */
export function sessionContext(tokenHash: Buffer): string {
  return `session ${tokenHash.toString('hex')}`;
}
