import { decodeId, encodeId, newUuid } from '../../domain/ids';
import type { Principal, Role } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';

/** A credential without its key or secret, of which only the hash is stored. */
export interface Credential extends Principal {
  createdAt: Date;
  revokedAt: Date | null;
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
  revoked_at: Date | null;
}

const COLUMNS = 'id, name, role, product_id, customer_id, created_at, revoked_at';

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
  return { ...toPrincipal(kind, row), createdAt: row.created_at, revokedAt: row.revoked_at };
}

/** @param hash - SHA-256 of the key or secret */
export async function insertCredential(
  db: Executor,
  kind: CredentialKind,
  { name, role, productId, customerId }: Omit<Principal, 'id'>,
  hash: Buffer,
): Promise<Credential> {
  const { rows } = await db.query<Row>({
    text: `insert into ${kind.table} (id, name, role, product_id, customer_id, ${kind.hashColumn}) values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
    values: [newUuid(), name, role, productId, customerId, hash],
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

/** @returns whether the credential exists, revoked or not */
export async function revokeCredential(db: Executor, kind: CredentialKind, id: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: `update ${kind.table} set revoked_at = coalesce(revoked_at, now()) where id = $1`,
    values: [decodeId(kind.idKind, id) ?? null],
  });
  return rowCount === 1;
}

/** Finds the principal of an API key that is not revoked. */
export async function findPrincipalByKeyHash(db: Executor, hash: Buffer): Promise<Principal | undefined> {
  const { rows } = await db.query<Row>({
    name: 'find-principal',
    text: `select ${COLUMNS} from api_keys where hash = $1 and revoked_at is null`,
    values: [hash],
  });
  return rows[0] && toPrincipal(API_KEY, rows[0]);
}

/**
 * Finds the principal of an OAuth client that is not revoked, and the hash of the client's secret.
 */
export async function findOAuthClient(
  db: Executor,
  clientId: string,
): Promise<{ principal: Principal; secretHash: Buffer } | undefined> {
  const { rows } = await db.query<Row & { secret_hash: Buffer }>({
    name: 'find-oauth-client',
    text: `select ${COLUMNS}, secret_hash from oauth_clients where id = $1 and revoked_at is null`,
    values: [decodeId('cli', clientId) ?? null],
  });
  return rows[0] && { principal: toPrincipal(OAUTH_CLIENT, rows[0]), secretHash: rows[0].secret_hash };
}
