import { decodeId, encodeId, newUuid } from '../domain/ids';
import type { Principal, Role } from '../domain/types';
import type { Executor } from './database';
import { toPage, type Page, type PageRequest } from './pages';

/** An OAuth client without its secret, of which only the hash is kept. */
export interface OAuthClient extends Omit<Principal, 'id'> {
  clientId: string;
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

function toClient(row: Row): OAuthClient {
  return {
    clientId: encodeId('cli', row.id),
    name: row.name,
    role: row.role,
    productId: row.product_id,
    customerId: row.customer_id,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  };
}

export async function insertOAuthClient(
  db: Executor,
  client: Omit<Principal, 'id'> & { secretHash: Buffer },
): Promise<OAuthClient> {
  const { rows } = await db.query<Row>({
    text: `insert into oauth_clients (id, name, role, product_id, customer_id, secret_hash) values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
    values: [newUuid(), client.name, client.role, client.productId, client.customerId, client.secretHash],
  });
  return toClient(rows[0]!);
}

/** Newest first, revoked ones included. */
export async function listOAuthClients(db: Executor, page: PageRequest): Promise<Page<OAuthClient>> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from oauth_clients where $1::uuid is null or id < $1 order by id desc limit $2`,
    values: [page.after ?? null, page.limit + 1],
  });
  return toPage(rows, page, toClient, (row) => row.id);
}

/** @returns whether there was such a client, revoked or not */
export async function revokeOAuthClient(db: Executor, clientId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: 'update oauth_clients set revoked_at = coalesce(revoked_at, now()) where id = $1',
    values: [decodeId('cli', clientId) ?? null],
  });
  return rowCount === 1;
}

/** Who a live client stands for, with the hash of its secret. */
export async function findOAuthClient(
  db: Executor,
  clientId: string,
): Promise<{ principal: Principal; secretHash: Buffer } | undefined> {
  const { rows } = await db.query<Row & { secret_hash: Buffer }>({
    name: 'find-oauth-client',
    text: `select ${COLUMNS}, secret_hash from oauth_clients where id = $1 and revoked_at is null`,
    values: [decodeId('cli', clientId) ?? null],
  });
  const row = rows[0];
  if (!row) return undefined;
  const { name, role, productId, customerId } = toClient(row);
  return { principal: { id: clientId, name, role, productId, customerId }, secretHash: row.secret_hash };
}
