import { decodeId, encodeId, newUuid } from '../domain/ids';
import type { Principal, Role } from '../domain/types';
import type { Executor } from './database';
import { toPage, type Page, type PageRequest } from './pages';

/** A credential without what makes it one: only its hash is kept. */
export interface ApiKey extends Principal {
  createdAt: Date;
  revokedAt: Date | null;
}

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

function toPrincipal(row: Row): Principal {
  return {
    id: encodeId('key', row.id),
    name: row.name,
    role: row.role,
    productId: row.product_id,
    customerId: row.customer_id,
  };
}

function toApiKey(row: Row): ApiKey {
  return { ...toPrincipal(row), createdAt: row.created_at, revokedAt: row.revoked_at };
}

export async function insertApiKey(db: Executor, key: Omit<Principal, 'id'> & { hash: Buffer }): Promise<ApiKey> {
  const { rows } = await db.query<Row>({
    text: `insert into api_keys (id, name, role, product_id, customer_id, hash) values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
    values: [newUuid(), key.name, key.role, key.productId, key.customerId, key.hash],
  });
  return toApiKey(rows[0]!);
}

/** Newest first, revoked ones included. */
export async function listApiKeys(db: Executor, page: PageRequest): Promise<Page<ApiKey>> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from api_keys where $1::uuid is null or id < $1 order by id desc limit $2`,
    values: [page.after ?? null, page.limit + 1],
  });
  return toPage(rows, page, toApiKey, (row) => row.id);
}

/** @returns whether there was such a key, revoked or not */
export async function revokeApiKey(db: Executor, id: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: 'update api_keys set revoked_at = coalesce(revoked_at, now()) where id = $1',
    values: [decodeId('key', id) ?? null],
  });
  return rowCount === 1;
}

/** Who a live key stands for. */
export async function findPrincipalByKeyHash(db: Executor, hash: Buffer): Promise<Principal | undefined> {
  const { rows } = await db.query<Row>({
    name: 'find-principal',
    text: `select ${COLUMNS} from api_keys where hash = $1 and revoked_at is null`,
    values: [hash],
  });
  return rows[0] && toPrincipal(rows[0]);
}
