import { decodeId, isUuid } from '../../domain/ids';
import { OWN_PRODUCT } from '../../domain/operational-events';
import type { Scope, Subscription, SubscriptionStatus } from '../../domain/types';
import { hasCapabilities } from '../catalog/event-types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';
import type { Row as SubscriptionRow } from './subscriptions';
import { COLUMNS, IN_SCOPE, toSubscription } from './subscriptions';

/** Texts that stand for the same numbers in Postgres. */
type Row = SubscriptionRow & { success_rate: string | null; p95: string | null };

/** Of the attempts over the last day; null without attempts. */
const SUCCESS_RATE = 'd.successes::float8 / nullif(d.attempts, 0)';
const P95 = 'd.p95_ms::float8';

/** A sort order by a figure, with the subscriptions without attempts last. */
function byFigure(figure: string, direction: 'asc' | 'desc', valueOf: (row: Row) => string | null) {
  const [beyond, compare] = direction === 'asc' ? ["'infinity'::float8", '>'] : ["'-infinity'::float8", '<'];
  const key = `coalesce(${figure}, ${beyond})`;
  return {
    after: `(${key}, s.id) ${compare} ($12::float8, $6)`,
    order: `${key} ${direction}, s.id ${direction}`,
    valueOf: (row: Row) => valueOf(row) ?? (direction === 'asc' ? 'Infinity' : '-Infinity'),
  };
}

/**
 * The sort orders of lists, and the condition for rows after the value $12 and the id $6. Ids
 * decide between equal values, and are the whole key where there is no value.
 */
const SORTS = {
  newest: { after: '$12::text is null and s.id < $6', order: 's.id desc', valueOf: undefined },
  oldest: { after: '$12::text is null and s.id > $6', order: 's.id', valueOf: undefined },
  name: { after: '(s.name, s.id) > ($12::text, $6)', order: 's.name, s.id', valueOf: (row: Row) => row.name },
  customer: {
    after: '(s.customer_id, s.id) > ($12::text, $6)',
    order: 's.customer_id, s.id',
    valueOf: (row: Row) => row.customer_id,
  },
  'success-rate': byFigure(SUCCESS_RATE, 'asc', (row) => row.success_rate),
  '-success-rate': byFigure(SUCCESS_RATE, 'desc', (row) => row.success_rate),
  p95: byFigure(P95, 'asc', (row) => row.p95),
  '-p95': byFigure(P95, 'desc', (row) => row.p95),
} as const;

export type SubscriptionSort = keyof typeof SORTS;
export const SUBSCRIPTION_SORTS = Object.keys(SORTS) as [SubscriptionSort, ...SubscriptionSort[]];

/** A position in a list. The value is absent where the id alone is the sort key. */
interface SortKey {
  value?: string;
  id: string;
}

/**
 * A cursor holds the sort key itself, so that it neither depends on the row it came from nor
 * reveals where a row of somebody else is.
 */
function sortKeyOf(sort: SubscriptionSort, row: Row): string {
  const { valueOf } = SORTS[sort];
  return valueOf ? JSON.stringify([sort, valueOf(row), row.id]) : row.id;
}

function parseSortKey(sort: SubscriptionSort, key: string): SortKey | undefined {
  if (!SORTS[sort].valueOf) return isUuid(key) ? { id: key } : undefined;
  const [, value, id] = parts(key);
  if (typeof value !== 'string' || value.includes('\0') || typeof id !== 'string' || !isUuid(id)) return undefined;
  return key === JSON.stringify([sort, value, id]) ? { value, id } : undefined;
}

function parts(key: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(key);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

/** Whether a decoded cursor is a position in a list with this sort order. */
export const isSortKey = (sort: SubscriptionSort, key: string): boolean => parseSortKey(sort, key) !== undefined;

/** Filters a list of subscriptions. An absent field does not filter. */
export interface SubscriptionFilter {
  ids?: readonly string[];
  customerId?: string;
  productId?: string;
  status?: SubscriptionStatus;
  /** Matches subscriptions that get this type, whatever the channels. */
  eventType?: string;
  /** Part of the name, URL or customer, or the whole id. */
  q?: string;
  /** Whether `q` may be in the query of the URL, which may hold a secret. */
  qInQuery: boolean;
}

export async function listSubscriptions(
  db: Executor,
  scope: Scope,
  filter: SubscriptionFilter,
  sort: SubscriptionSort,
  page: PageRequest,
): Promise<Page<Subscription>> {
  const { after, order } = SORTS[sort];
  const from = page.after === undefined ? undefined : parseSortKey(sort, page.after);
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS}, (${SUCCESS_RATE})::text as success_rate, (${P95})::text as p95
           from subscription_states s left join subscription_day_statistics d on d.subscription_id = s.id
           where ${IN_SCOPE} and ($3::text is null or s.customer_id = $3)
             and ($4::text is null or coalesce(s.product_id, s.customer_product_id) = $4)
             and ($5::text is null or s.status = $5) and ($6::uuid is null or ${after})
             and ($8::text is null or ($8 = any (s.event_types) or $8 ~ s.event_type_regex)
               and exists (select from event_types t where t.name = $8 and t.product_id = coalesce(s.product_id, s.customer_product_id, nullif(t.product_id, '${OWN_PRODUCT}')) and ${hasCapabilities('t.', 's.customer_id')}))
             and ($9::text is null or s.id = $10 or position(lower($9) in lower(s.name || ' ' || case when $11 then s.url else split_part(s.url, '?', 1) end || ' ' || s.customer_id)) > 0)
             and ($13::uuid[] is null or s.id = any ($13))
           order by ${order} limit $7`,
    values: [
      scope.productIds ?? null,
      scope.customerId ?? null,
      filter.customerId ?? null,
      filter.productId ?? null,
      filter.status ?? null,
      from?.id ?? null,
      page.limit + 1,
      filter.eventType ?? null,
      filter.q ?? null,
      (filter.q && decodeId('sub', filter.q)) ?? null,
      filter.qInQuery,
      from?.value ?? null,
      filter.ids?.flatMap((id) => decodeId('sub', id) ?? []) ?? null,
    ],
  });
  return toPage(rows, page, toSubscription, (row) => sortKeyOf(sort, row));
}

/** Lists the subscriptions of format `flat` in scope, which are webhooks by URL, oldest first. */
export async function findWebhooks(
  db: Executor,
  scope: Scope,
  customerId: string | undefined,
  limit: number,
): Promise<Subscription[]> {
  const { rows } = await db.query<SubscriptionRow>({
    text: `select ${COLUMNS} from subscription_states s
           where ${IN_SCOPE} and s.format = 'flat' and ($3::text is null or s.customer_id = $3) order by s.id limit $4`,
    values: [scope.productIds ?? null, scope.customerId ?? null, customerId ?? null, limit],
  });
  return rows.map(toSubscription);
}
