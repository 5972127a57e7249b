import { decodeId, encodeId, newUuid } from '../../domain/ids';
import type { Scope } from '../../domain/types';
import { parseUrlPattern, urlMatches, type UrlPattern } from '../../domain/url-pattern';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';

export const ALLOWLIST_STATUSES = ['requested', 'approved', 'rejected'] as const;
export type AllowlistStatus = (typeof ALLOWLIST_STATUSES)[number];

/** A pattern of URLs that may be delivered to, or a request for one. */
export interface AllowlistEntry {
  id: string;
  pattern: string;
  /** Null: the pattern applies to all customers. */
  customerId: string | null;
  /**
   * The product that requested the pattern, which applies to its subscriptions only. Null if an
   * admin created it for all.
   */
  productId: string | null;
  status: AllowlistStatus;
  /** A name; null where the reader may not see it. */
  requestedBy: string | null;
  decidedBy: string | null;
  createdAt: Date;
  decidedAt: Date | null;
}

interface Row {
  id: string;
  pattern: string;
  customer_id: string | null;
  product_id: string | null;
  status: AllowlistStatus;
  requested_by: string;
  decided_by: string | null;
  created_at: Date;
  decided_at: Date | null;
}

const COLUMNS = 'id, pattern, customer_id, product_id, status, requested_by, decided_by, created_at, decided_at';

function toEntry(row: Row): AllowlistEntry {
  return {
    id: encodeId('url', row.id),
    pattern: row.pattern,
    customerId: row.customer_id,
    productId: row.product_id,
    status: row.status,
    requestedBy: row.requested_by,
    decidedBy: row.decided_by,
    createdAt: row.created_at,
    decidedAt: row.decided_at,
  };
}

/** An entry to insert. */
interface NewEntry extends Pick<AllowlistEntry, 'pattern' | 'customerId' | 'productId'> {
  approved: boolean;
  /** Whether a subscription files it, and not a person. @default false */
  automatic?: boolean;
  by: string;
}

/**
 * Inserts an entry, approved or as a request. It replaces the request that a subscription filed for
 * the same.
 *
 * @returns undefined if the same entry exists already
 */
export async function insertAllowlistEntry(db: Executor, entry: NewEntry): Promise<AllowlistEntry | undefined> {
  const { rows } = await db.query<Row>({
    text: `insert into url_allowlist (id, pattern, customer_id, product_id, status, requested_by, automatic, decided_by, decided_at)
           values ($1, $2, $3, $4, $5, $6, $7, case when $5 = 'approved' then $6 end, case when $5 = 'approved' then now() end)
           on conflict (pattern, coalesce(customer_id, ''), coalesce(product_id, '')) do update
             set status = excluded.status, requested_by = excluded.requested_by, automatic = false,
                 decided_by = excluded.decided_by, decided_at = excluded.decided_at
             where url_allowlist.automatic and url_allowlist.status = 'requested' and not excluded.automatic
           returning ${COLUMNS}`,
    values: [
      newUuid(),
      entry.pattern,
      entry.customerId,
      entry.productId,
      entry.approved ? 'approved' : 'requested',
      entry.by,
      entry.automatic ?? false,
    ],
  });
  return rows[0] && toEntry(rows[0]);
}

/**
 * Lists entries, newest first. A product sees its own requests, and what admins allowed for all
 * customers or for one that it sees. It sees no names of people outside of it: not who decided, and
 * of its own requests only who made them.
 */
export async function listAllowlist(
  db: Executor,
  scope: Scope,
  filter: { status?: AllowlistStatus },
  page: PageRequest,
): Promise<Page<AllowlistEntry>> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from url_allowlist
           where ($1::text[] is null or product_id = any ($1) or (product_id is null and (customer_id is null
               or exists (select from customers c where c.id = customer_id and (c.product_id = any ($1) or c.product_id is null))))) and ($2::text is null or status = $2) and ($3::uuid is null or id < $3)
           order by id desc limit $4`,
    values: [scope.productIds ?? null, filter.status ?? null, page.after ?? null, page.limit + 1],
  });
  const { productIds } = scope;
  const shown = (row: Row) => (productIds === undefined ? toEntry(row) : withoutNames(toEntry(row), productIds));
  return toPage(rows, page, shown, (row) => row.id);
}

function withoutNames(entry: AllowlistEntry, productIds: readonly string[]): AllowlistEntry {
  const isOwn = entry.productId !== null && productIds.includes(entry.productId);
  return { ...entry, requestedBy: isOwn ? entry.requestedBy : null, decidedBy: null };
}

export async function findAllowlistEntry(db: Executor, id: string): Promise<AllowlistEntry | undefined> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from url_allowlist where id = $1`,
    values: [decodeId('url', id) ?? null],
  });
  return rows[0] && toEntry(rows[0]);
}

/** @param id - of an entry that exists */
export async function decideAllowlistEntry(
  db: Executor,
  id: string,
  status: 'approved' | 'rejected',
  by: string,
): Promise<AllowlistEntry> {
  const { rows } = await db.query<Row>({
    text: `update url_allowlist set status = $2, decided_by = $3, decided_at = now() where id = $1 returning ${COLUMNS}`,
    values: [decodeId('url', id) ?? null, status, by],
  });
  return toEntry(rows[0]!);
}

/**
 * Deletes an entry. A product may withdraw its own requests.
 *
 * @returns undefined if there is none in scope
 */
export async function deleteAllowlistEntry(
  db: Executor,
  id: string,
  scope: Scope,
): Promise<AllowlistEntry | undefined> {
  const { rows } = await db.query<Row>({
    text: `delete from url_allowlist where id = $1 and ($2::text[] is null or product_id = any ($2)) returning ${COLUMNS}`,
    values: [decodeId('url', id) ?? null, scope.productIds ?? null],
  });
  return rows[0] && toEntry(rows[0]);
}

/** Advisory lock of the allow-list. Any number that nothing else in the database uses. */
const LOCK = 7_319_002;

/**
 * Locks the allow-list until the end of the transaction: shared to read it, alone to change it.
 * Otherwise neither side would see a subscription that is written while its URL is being approved.
 * Take this lock before you lock any subscription, to avoid deadlocks.
 */
export async function lockAllowlist(db: Executor, mode: 'shared' | 'alone'): Promise<void> {
  await db.query({ text: `select pg_advisory_xact_lock${mode === 'shared' ? '_shared' : ''}($1)`, values: [LOCK] });
}

/** The customer and product of the subscription that a URL belongs to. */
export interface UrlOwner {
  customerId: string;
  productId: string | null;
}

/**
 * Whether all URLs that a subscription of this customer and product sends requests to are on the
 * allow-list.
 */
export async function areUrlsApproved(
  db: Executor,
  allowed: readonly UrlPattern[],
  urls: readonly string[],
  owner: UrlOwner,
): Promise<boolean> {
  const open = urls.filter((url) => !allowed.some((pattern) => urlMatches(pattern, url)));
  if (open.length === 0) return true;
  const { rows } = await db.query<{ pattern: string }>({
    text: `select pattern from url_allowlist
           where status = 'approved' and (customer_id is null or customer_id = $1) and (product_id is null or product_id = $2)`,
    values: [owner.customerId, owner.productId],
  });
  return open.every((url) => rows.some(({ pattern }) => matches(pattern, url)));
}

/** Whether the text of a pattern matches a URL. */
export function matches(pattern: string, url: string): boolean {
  const parsed = parseUrlPattern(pattern);
  return parsed !== undefined && urlMatches(parsed, url);
}
