import { decodeId, encodeId, newUuid } from '../../domain/ids';
import type { Principal, Role } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';

/** A credential without its key or secret, of which only the hash is stored. */
export interface Credential extends Principal {
  createdAt: Date;
  /** Null: it does not expire. */
  expiresAt: Date | null;
  /** To the minute; null if it was never used. */
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

/** Who holds a credential, and until when. */
export interface Holder {
  principal: Principal;
  /** Absent: without an end. */
  expiresAt?: Date;
}

/** A kind of credential: its name, and the table that stores it. */
export interface CredentialKind {
  noun: 'API key' | 'OAuth client';
  /** The kind of object in the audit log. */
  object: 'api-key' | 'oauth-client';
  table: 'api_keys' | 'oauth_clients';
  idKind: 'key' | 'cli';
  hashColumn: 'hash' | 'secret_hash';
}

export const API_KEY: CredentialKind = {
  noun: 'API key',
  object: 'api-key',
  table: 'api_keys',
  idKind: 'key',
  hashColumn: 'hash',
};

export const OAUTH_CLIENT: CredentialKind = {
  noun: 'OAuth client',
  object: 'oauth-client',
  table: 'oauth_clients',
  idKind: 'cli',
  hashColumn: 'secret_hash',
};

interface Row {
  id: string;
  name: string;
  role: Role;
  product_id: string | null;
  customer_id: string | null;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

const COLUMNS = 'id, name, role, product_id, customer_id, created_at, expires_at, last_used_at, revoked_at';
const IS_VALID = 'revoked_at is null and (expires_at is null or expires_at > now())';

function toPrincipal({ idKind }: CredentialKind, row: Row): Principal {
  return {
    id: encodeId(idKind, row.id),
    name: row.name,
    role: row.role,
    productId: row.product_id,
    customerId: row.customer_id,
  };
}

function toCredential(kind: CredentialKind, row: Row): Credential {
  const { created_at: createdAt, expires_at: expiresAt, last_used_at: lastUsedAt, revoked_at: revokedAt } = row;
  return { ...toPrincipal(kind, row), createdAt, expiresAt, lastUsedAt, revokedAt };
}

/** @param hash - SHA-256 of the key or secret */
export async function insertCredential(
  db: Executor,
  kind: CredentialKind,
  { name, role, productId, customerId, expiresAt }: Omit<Principal, 'id'> & Pick<Credential, 'expiresAt'>,
  hash: Buffer,
): Promise<Credential> {
  const { rows } = await db.query<Row>({
    text: `insert into ${kind.table} (id, name, role, product_id, customer_id, ${kind.hashColumn}, expires_at) values ($1, $2, $3, $4, $5, $6, $7) returning ${COLUMNS}`,
    values: [newUuid(), name, role, productId, customerId, hash, expiresAt],
  });
  return toCredential(kind, rows[0]!);
}

/** Lists credentials, newest first, revoked ones included. */
export async function listCredentials(
  db: Executor,
  kind: CredentialKind,
  page: PageRequest,
): Promise<Page<Credential>> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from ${kind.table} where $1::uuid is null or id < $1 order by id desc limit $2`,
    values: [page.after ?? null, page.limit + 1],
  });
  return toPage(
    rows,
    page,
    (row) => toCredential(kind, row),
    (row) => row.id,
  );
}

/** Locks a credential until the end of the transaction, to revoke it. */
export async function lockCredential(db: Executor, kind: CredentialKind, id: string): Promise<Credential | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from ${kind.table} where id = $1 for no key update`,
    values: [decodeId(kind.idKind, id) ?? null],
  });
  return rows[0] && toCredential(kind, rows[0]);
}

export async function revokeCredential(db: Executor, kind: CredentialKind, id: string): Promise<void> {
  await db.query({
    text: `update ${kind.table} set revoked_at = now() where id = $1`,
    values: [decodeId(kind.idKind, id)],
  });
}

/**
 * Replaces the key or secret of a credential that is valid.
 *
 * @param hash - SHA-256 of the new one
 * @param overlapSeconds - how long the one before stays valid
 * @returns undefined if there is no such credential, or it is revoked or expired
 */
export async function rotateCredential(
  db: Executor,
  kind: CredentialKind,
  id: string,
  hash: Buffer,
  overlapSeconds: number,
): Promise<Credential | undefined> {
  const { rows } = await db.query<Row>({
    text: `update ${kind.table} set previous_${kind.hashColumn} = ${kind.hashColumn}, previous_expires_at = now() + make_interval(secs => $3),
             ${kind.hashColumn} = $2
           where id = $1 and ${IS_VALID} returning ${COLUMNS}`,
    values: [decodeId(kind.idKind, id) ?? null, hash, overlapSeconds],
  });
  return rows[0] && toCredential(kind, rows[0]);
}

/** Records that credentials are in use. */
export async function noteUse(db: Executor, ids: readonly string[]): Promise<void> {
  for (const kind of [API_KEY, OAUTH_CLIENT]) {
    const uuids = ids.flatMap((id) => decodeId(kind.idKind, id) ?? []);
    if (uuids.length === 0) continue;
    await db.query({
      text: `update ${kind.table} set last_used_at = date_trunc('minute', now()) where id = any($1)`,
      values: [uuids],
    });
  }
}

/** Finds the holder of an API key that is valid, or was until a rotation that is not long ago. */
export async function findHolderOfKey(db: Executor, hash: Buffer): Promise<Holder | undefined> {
  const { rows } = await db.query<Row & { valid_until: Date | null }>({
    name: 'find-principal',
    text: `select ${COLUMNS}, case when hash = $1 then expires_at else least(expires_at, previous_expires_at) end as valid_until
           from api_keys where (hash = $1 or previous_hash = $1 and previous_expires_at > now()) and ${IS_VALID}`,
    values: [hash],
  });
  const [row] = rows;
  return row && { principal: toPrincipal(API_KEY, row), expiresAt: row.valid_until ?? undefined };
}

/**
 * Finds the holder of an OAuth client that is valid, and the hashes of its secrets: the current
 * one, and the one before for as long as it is valid.
 */
export async function findOAuthClient(
  db: Executor,
  clientId: string,
): Promise<(Holder & { secretHashes: Buffer[] }) | undefined> {
  const { rows } = await db.query<Row & { secret_hashes: Buffer[] }>({
    name: 'find-oauth-client',
    text: `select ${COLUMNS}, array_remove(array[secret_hash, case when previous_expires_at > now() then previous_secret_hash end], null) as secret_hashes
           from oauth_clients where id = $1 and ${IS_VALID}`,
    values: [decodeId('cli', clientId) ?? null],
  });
  const [row] = rows;
  return (
    row && {
      principal: toPrincipal(OAUTH_CLIENT, row),
      expiresAt: row.expires_at ?? undefined,
      secretHashes: row.secret_hashes,
    }
  );
}
