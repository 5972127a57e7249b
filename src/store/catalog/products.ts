import type { Product, Scope, UnknownCustomers } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';
import { toBranding, type BrandingRow } from './branding';

interface Row extends BrandingRow {
  id: string;
  name: string;
  segment: string | null;
  enabled: boolean;
  unknown_customers: UnknownCustomers;
  require_verification: boolean;
  retention_payload_days: number | null;
  retention_history_days: number | null;
  created_at: Date;
  modified_at: Date;
}

const COLUMNS =
  'id, name, segment, enabled, unknown_customers, require_verification, retention_payload_days, retention_history_days, branding_name, branding_logo_url, branding_accent_color, created_at, modified_at';

function toProduct(row: Row): Product {
  return {
    id: row.id,
    name: row.name,
    segment: row.segment,
    enabled: row.enabled,
    unknownCustomers: row.unknown_customers,
    requireVerification: row.require_verification,
    retention: { payloadDays: row.retention_payload_days, historyDays: row.retention_history_days },
    branding: toBranding(row),
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  };
}

/** @returns undefined if the id is taken */
export async function insertProduct(
  db: Executor,
  product: Omit<Product, 'createdAt' | 'modifiedAt'>,
): Promise<Product | undefined> {
  const { rows } = await db.query<Row>({
    text: `insert into products (id, name, enabled, require_verification, retention_payload_days, retention_history_days, segment, unknown_customers,
             branding_name, branding_logo_url, branding_accent_color)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           on conflict (id) do nothing returning ${COLUMNS}`,
    values: [
      product.id,
      product.name,
      product.enabled,
      product.requireVerification,
      product.retention.payloadDays,
      product.retention.historyDays,
      product.segment,
      product.unknownCustomers,
      product.branding.name,
      product.branding.logoUrl,
      product.branding.accentColor,
    ],
  });
  return rows[0] && toProduct(rows[0]);
}

export async function findProduct(db: Executor, id: string, scope: Scope = {}): Promise<Product | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from products where id = $1 and ($2::text[] is null or id = any ($2))`,
    values: [id, scope.productIds ?? null],
  });
  return rows[0] && toProduct(rows[0]);
}

/** Lists products by id, descending. Ids are chosen by callers, and no other column is unique. */
export async function listProducts(
  db: Executor,
  scope: Scope,
  filter: { q?: string; segment?: string },
  page: PageRequest,
): Promise<Page<Product>> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from products
           where ($1::text[] is null or id = any ($1)) and ($2::text is null or id < $2)
             and ($4::text is null or position(lower($4) in lower(id || ' ' || name)) > 0) and ($5::text is null or segment = $5)
           order by id desc limit $3`,
    values: [scope.productIds ?? null, page.after ?? null, page.limit + 1, filter.q ?? null, filter.segment ?? null],
  });
  return toPage(rows, page, toProduct, (row) => row.id);
}

/** The ids of the products of a segment. */
export async function findProductsOfSegment(db: Executor, segment: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: 'select id from products where segment = $1 order by id',
    values: [segment],
  });
  return rows.map((row) => row.id);
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
  product: Omit<Product, 'createdAt' | 'modifiedAt'>,
): Promise<Product> {
  const { id, name, segment, enabled, unknownCustomers, requireVerification, retention, branding } = product;
  const { rows } = await db.query<Row>({
    text: `update products set name = $2, enabled = $3, require_verification = $4, retention_payload_days = $5,
             retention_history_days = $6, segment = $7, unknown_customers = $8, branding_name = $9, branding_logo_url = $10,
             branding_accent_color = $11, modified_at = now()
           where id = $1 returning ${COLUMNS}`,
    values: [
      id,
      name,
      enabled,
      requireVerification,
      retention.payloadDays,
      retention.historyDays,
      segment,
      unknownCustomers,
      branding.name,
      branding.logoUrl,
      branding.accentColor,
    ],
  });
  return toProduct(rows[0]!);
}
