import { decodeId, encodeId } from '../../domain/ids';
import type { Scope } from '../../domain/types';
import { patternOf, type UrlPattern } from '../../domain/url-pattern';
import type { Executor } from '../db/database';
import { areUrlsApproved, insertAllowlistEntry, matches, type AllowlistEntry, type UrlOwner } from './allowlist';

/** Subscriptions that are searched for those that wait for an entry. */
const MAX_SEARCHED = 10_000;
/** Subscriptions that an entry lists. */
const MAX_LISTED = 100;

/**
 * Files a request for each URL of a waiting subscription that no entry covers. A rejected entry
 * covers a URL too: it was decided.
 *
 * @param by - who made the subscription wait
 * @returns the new entries
 */
export async function requestApproval(
  db: Executor,
  allowed: readonly UrlPattern[],
  urls: readonly string[],
  owner: UrlOwner,
  by: string,
): Promise<AllowlistEntry[]> {
  const { rows: entries } = await db.query<{ pattern: string }>({
    text: `select pattern from url_allowlist
           where status <> 'approved' and (customer_id is null or customer_id = $1) and (product_id is null or product_id = $2)`,
    values: [owner.customerId, owner.productId],
  });
  const filed: AllowlistEntry[] = [];
  for (const url of urls) {
    if (await areUrlsApproved(db, allowed, [url], owner)) continue;
    const pattern = patternOf(url);
    if (entries.some((entry) => matches(entry.pattern, url)) || pattern === undefined) continue;
    const entry = await insertAllowlistEntry(db, { ...owner, pattern, by, approved: false, automatic: true });
    if (entry) filed.push(entry);
  }
  return filed;
}

/**
 * Deletes the requests that subscriptions filed and for which none waits any more, or that a
 * request of a person covers.
 *
 * @param customerId - only requests for this customer; absent: all
 * @returns the deleted entries
 */
export async function withdrawRequests(
  db: Executor,
  customerId?: string,
): Promise<Pick<AllowlistEntry, 'id' | 'pattern' | 'customerId' | 'productId'>[]> {
  const { rows } = await db.query<{ id: string; pattern: string; customer_id: string; product_id: string | null }>({
    text: `select id, pattern, customer_id, product_id from url_allowlist
           where automatic and status = 'requested' and ($1::text is null or customer_id = $1)`,
    values: [customerId ?? null],
  });
  if (rows.length === 0) return [];
  const requests = rows.map((row) => ({
    id: encodeId('url', row.id),
    pattern: row.pattern,
    customerId: row.customer_id,
    productId: row.product_id,
  }));
  const waiting = await findWaiting(db, {}, requests);
  const { rows: others } = await db.query<{ pattern: string; customer_id: string | null; product_id: string | null }>({
    text: `select pattern, customer_id, product_id from url_allowlist where not automatic and status <> 'approved'`,
  });
  const isCovered = ({ pattern, customerId: customer, productId }: (typeof requests)[number]) =>
    others.some(
      (other) =>
        (other.customer_id ?? customer) === customer &&
        (other.product_id ?? productId) === productId &&
        matches(other.pattern, pattern),
    );
  const idle = requests.filter((request) => waiting.get(request.id)!.length === 0 || isCovered(request));
  if (idle.length > 0)
    await db.query({
      text: `delete from url_allowlist where id = any($1) and status = 'requested'`,
      values: [idle.map(({ id }) => decodeId('url', id))],
    });
  return idle;
}

/** A subscription that is delivered to once an entry is approved. */
export interface WaitingSubscription {
  id: string;
  name: string;
  customerId: string;
}

/** An entry with the subscriptions that wait for it. */
export interface EntryWithWaiting extends AllowlistEntry {
  /** The oldest ones. */
  subscriptions: WaitingSubscription[];
  subscriptionCount: number;
}

/** Adds to each entry the subscriptions in scope that wait for it; none for an approved one. */
export async function withWaiting(
  db: Executor,
  scope: Scope,
  entries: readonly AllowlistEntry[],
): Promise<EntryWithWaiting[]> {
  const open = entries.filter(({ status }) => status !== 'approved');
  const waiting = await findWaiting(db, scope, open);
  return entries.map((entry) => {
    const found = waiting.get(entry.id) ?? [];
    return { ...entry, subscriptions: found.slice(0, MAX_LISTED), subscriptionCount: found.length };
  });
}

interface WaitingRow {
  id: string;
  name: string;
  customer_id: string;
  product_id: string | null;
  url: string;
  token_url: string | null;
}

type Pattern = Pick<AllowlistEntry, 'id' | 'pattern' | 'customerId' | 'productId'>;

/** @returns the subscriptions that wait for each entry, by the entry's id */
async function findWaiting(
  db: Executor,
  scope: Scope,
  entries: readonly Pattern[],
): Promise<Map<string, WaitingSubscription[]>> {
  if (entries.length === 0) return new Map();
  const customerIds = entries.map(({ customerId }) => customerId);
  const { rows } = await db.query<WaitingRow>({
    text: `select s.id, s.name, s.customer_id, coalesce(s.product_id, c.product_id) as product_id, s.url, s.token_url
           from subscriptions s join customers c on c.id = s.customer_id
           where not s.url_approved and s.deleted_at is null and not c.erasing
             and ($1::text[] is null or s.customer_id = any($1))
             and ($2::text[] is null or s.product_id = any ($2) or (s.product_id is null and c.product_id = any ($2)))
           order by s.id limit ${MAX_SEARCHED}`,
    values: [customerIds.includes(null) ? null : customerIds, scope.productIds ?? null],
  });
  return new Map(
    entries.map((entry) => [
      entry.id,
      rows
        .filter((row) => waitsFor(row, entry))
        .map((row) => ({ id: encodeId('sub', row.id), name: row.name, customerId: row.customer_id })),
    ]),
  );
}

function waitsFor(row: WaitingRow, { pattern, customerId, productId }: Pattern): boolean {
  if ((customerId ?? row.customer_id) !== row.customer_id) return false;
  if ((productId ?? row.product_id) !== row.product_id) return false;
  return matches(pattern, row.url) || (row.token_url !== null && matches(pattern, row.token_url));
}
