import { decodeId } from '../../domain/ids';
import { OWN_PRODUCT } from '../../domain/operational-events';
import type { Scope, Subscription, SubscriptionStatus } from '../../domain/types';
import type { Executor } from '../db/database';
import { toPage, type Page, type PageRequest } from '../db/pages';
import type { Row } from './subscriptions';
import { COLUMNS, IN_SCOPE, toSubscription } from './subscriptions';

/**
 * The sort orders of lists, and the condition for rows after the id $6. Ids decide between equal
 * values.
 */
const SORTS = {
  newest: { after: 's.id < $6', order: 's.id desc' },
  oldest: { after: 's.id > $6', order: 's.id' },
  name: { after: '(s.name, s.id) > (select name, id from subscriptions where id = $6)', order: 's.name, s.id' },
  customer: {
    after: '(s.customer_id, s.id) > (select customer_id, id from subscriptions where id = $6)',
    order: 's.customer_id, s.id',
  },
} as const;

export type SubscriptionSort = keyof typeof SORTS;

/** Filters a list of subscriptions. An absent field does not filter. */
export interface SubscriptionFilter {
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
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from subscription_states s
           where ${IN_SCOPE} and ($3::text is null or s.customer_id = $3)
             and ($4::text is null or coalesce(s.product_id, s.customer_product_id) = $4)
             and ($5::text is null or s.status = $5) and ($6::uuid is null or ${after})
             and ($8::text is null or ($8 = any (s.event_types) or $8 ~ s.event_type_regex)
               and exists (select from event_types t where t.name = $8 and t.product_id = coalesce(s.product_id, s.customer_product_id, nullif(t.product_id, '${OWN_PRODUCT}'))))
             and ($9::text is null or s.id = $10 or position(lower($9) in lower(s.name || ' ' || case when $11 then s.url else split_part(s.url, '?', 1) end || ' ' || s.customer_id)) > 0)
           order by ${order} limit $7`,
    values: [
      scope.productId ?? null,
      scope.customerId ?? null,
      filter.customerId ?? null,
      filter.productId ?? null,
      filter.status ?? null,
      page.after ?? null,
      page.limit + 1,
      filter.eventType ?? null,
      filter.q ?? null,
      (filter.q && decodeId('sub', filter.q)) ?? null,
      filter.qInQuery,
    ],
  });
  return toPage(rows, page, toSubscription, (row) => row.id);
}
