import { decodeId, encodeId, newUuid } from '../../domain/ids';
import type { Principal, Role } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';

/** A credential without its key or secret, of which only the hash is stored. */
export interface Credential extends Omit<Principal, 'segment'> {
  /** Granted in place of one product. */
  segment: string | null;
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

/**
 * Begins the stored role of a credential of a segment. A process of the version before, which does
 * not know segments, would take the credential for one of all products. It knows no such role, and
 * refuses it.
 */
const OF_SEGMENT = 'segment:';

interface Row {
  id: string;
  name: string;
  role: string;
  product_id: string | null;
  segment: string | null;
  customer_id: string | null;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
}

const COLUMNS = 'id, name, role, product_id, segment, customer_id, created_at, expires_at, last_used_at, revoked_at';
const IS_VALID = 'revoked_at is null and (expires_at is null or expires_at > now())';

/** SQL: the products that a credential is granted by its segment; null if it is granted none. */
const SEGMENT_PRODUCTS = `case when segment is not null then array(select p.id from products p where p.segment = k.segment order by p.id) end as segment_products`;

interface HolderRow extends Row {
  segment_products: string[] | null;
}

const roleOf = ({ role }: Row) => (role.startsWith(OF_SEGMENT) ? role.slice(OF_SEGMENT.length) : role) as Role;

function toIdentity({ idKind }: CredentialKind, row: Row): Omit<Principal, 'segment'> {
  return {
    id: encodeId(idKind, row.id),
    name: row.name,
    role: roleOf(row),
    productId: row.product_id,
    customerId: row.customer_id,
  };
}

function toPrincipal(kind: CredentialKind, row: HolderRow): Principal {
  const { segment, segment_products: productIds } = row;
  return {
    ...toIdentity(kind, row),
    ...(segment !== null && { segment: { name: segment, productIds: productIds ?? [] } }),
  };
}

function toCredential(kind: CredentialKind, row: Row): Credential {
  return {
    ...toIdentity(kind, row),
    segment: row.segment,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}

/** A credential to be created. */
export type NewCredential = Pick<Credential, 'name' | 'role' | 'productId' | 'segment' | 'customerId' | 'expiresAt'>;

/** @param hash - SHA-256 of the key or secret */
export async function insertCredential(
  db: Executor,
  kind: CredentialKind,
  { name, role, productId, segment, customerId, expiresAt }: NewCredential,
  hash: Buffer,
): Promise<Credential> {
  const { rows } = await db.query<Row>({
    text: `insert into ${kind.table} (id, name, role, product_id, customer_id, ${kind.hashColumn}, expires_at, segment) values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${COLUMNS}`,
    values: [
      newUuid(),
      name,
      (segment === null ? '' : OF_SEGMENT) + role,
      productId,
      customerId,
      hash,
      expiresAt,
      segment,
    ],
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

/** The ids of the valid credentials that are granted a segment. */
export async function findCredentialsOfSegment(db: Executor, segment: string): Promise<string[]> {
  const ids: string[] = [];
  for (const { table, idKind } of [API_KEY, OAUTH_CLIENT]) {
    const { rows } = await db.query<{ id: string }>({
      text: `select id from ${table} where segment = $1 and ${IS_VALID}`,
      values: [segment],
    });
    ids.push(...rows.map((row) => encodeId(idKind, row.id)));
  }
  return ids;
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
  const { rows } = await db.query<HolderRow & { valid_until: Date | null }>({
    name: 'find-principal',
    text: `select ${COLUMNS}, case when hash = $1 then expires_at else least(expires_at, previous_expires_at) end as valid_until, ${SEGMENT_PRODUCTS}
           from api_keys k where (hash = $1 or previous_hash = $1 and previous_expires_at > now()) and ${IS_VALID}`,
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
  const { rows } = await db.query<HolderRow & { secret_hashes: Buffer[] }>({
    name: 'find-oauth-client',
    text: `select ${COLUMNS}, array_remove(array[secret_hash, case when previous_expires_at > now() then previous_secret_hash end], null) as secret_hashes, ${SEGMENT_PRODUCTS}
           from oauth_clients k where id = $1 and ${IS_VALID}`,
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
