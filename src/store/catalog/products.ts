import type { Product, Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';

interface Row {
  id: string;
  name: string;
  enabled: boolean;
  require_verification: boolean;
  retention_payload_days: number | null;
  retention_history_days: number | null;
  created_at: Date;
  modified_at: Date;
}

const COLUMNS =
  'id, name, enabled, require_verification, retention_payload_days, retention_history_days, created_at, modified_at';

function toProduct(row: Row): Product {
  return {
    id: row.id,
    name: row.name,
    enabled: row.enabled,
    requireVerification: row.require_verification,
    retention: { payloadDays: row.retention_payload_days, historyDays: row.retention_history_days },
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  };
}

/** @returns undefined if the id is taken */
export async function insertProduct(
  db: Executor,
  product: Pick<Product, 'id' | 'name' | 'enabled' | 'requireVerification' | 'retention'>,
): Promise<Product | undefined> {
  const { rows } = await db.query<Row>({
    text: `insert into products (id, name, enabled, require_verification, retention_payload_days, retention_history_days)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (id) do nothing returning ${COLUMNS}`,
    values: [
      product.id,
      product.name,
      product.enabled,
      product.requireVerification,
      product.retention.payloadDays,
      product.retention.historyDays,
    ],
  });
  return rows[0] && toProduct(rows[0]);
}

export async function findProduct(db: Executor, id: string, scope: Scope = {}): Promise<Product | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from products where id = $1 and ($2::text is null or id = $2)`,
    values: [id, scope.productId ?? null],
  });
  return rows[0] && toProduct(rows[0]);
}

/** Lists products by id, descending. Ids are chosen by callers, and no other column is unique. */
export async function listProducts(
  db: Executor,
  scope: Scope,
  filter: { q?: string },
  page: PageRequest,
): Promise<Page<Product>> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from products
           where ($1::text is null or id = $1) and ($2::text is null or id < $2)
             and ($4::text is null or position(lower($4) in lower(id || ' ' || name)) > 0)
           order by id desc limit $3`,
    values: [scope.productId ?? null, page.after ?? null, page.limit + 1, filter.q ?? null],
  });
  return toPage(rows, page, toProduct, (row) => row.id);
}

/** Locks a product until the end of the transaction, to change it. */
export async function lockProduct(db: Executor, id: string): Promise<Product | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from products where id = $1 for no key update`,
    values: [id],
  });
  return rows[0] && toProduct(rows[0]);
}

export async function updateProduct(
  db: Executor,
  product: Pick<Product, 'id' | 'name' | 'enabled' | 'requireVerification' | 'retention'>,
): Promise<Product> {
  const { id, name, enabled, requireVerification, retention } = product;
  const { rows } = await db.query<Row>({
    text: `update products set name = $2, enabled = $3, require_verification = $4, retention_payload_days = $5,
             retention_history_days = $6, modified_at = now()
           where id = $1 returning ${COLUMNS}`,
    values: [id, name, enabled, requireVerification, retention.payloadDays, retention.historyDays],
  });
  return toProduct(rows[0]!);
}
