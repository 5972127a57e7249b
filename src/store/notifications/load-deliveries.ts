import { storedText } from '../../domain/timestamp';
import type { NotificationStatus } from '../../domain/types';
import { encodeId, uuidOf } from '../../domain/ids';
import type { Database } from '../db/database';
import { byWindow, perWindow } from '../db/windows';
import { claimGraceSeconds, claimIsLive } from './claim-grace';
import {
  deliverySubscriptionColumns,
  deliverySubscriptionJoins,
  toDeliverySubscription,
  type DeliverySubscription,
  type DeliverySubscriptionRow,
} from './delivery-subscription';
import type { DeliveryFacts } from '../../domain/attempt';

/** Everything that one attempt needs, read for this attempt. */
export interface Delivery extends DeliveryFacts {
  /** Its number in the line of a rate limit; null outside of it. */
  rateSeq: number | null;
  /** A manual retry was requested and has not begun. */
  retryAsked: boolean;
  /** Attempts since it was accepted or reopened. */
  ladderAttempts: number;
  /** Whether a retry reopened it. */
  reopened: boolean;
  /** Null if the subscription was deleted. */
  subscription: DeliverySubscription | null;
}

interface DeliveryRow extends DeliverySubscriptionRow {
  id: string;
  status: NotificationStatus;
  attempt_count: number;
  last_attempt_key: string | null;
  last_error_message: string | null;
  next_attempt_at: Date | null;
  created_at: Date;
  claimed_by: string | null;
  rate_seq: number | null;
  retry_asked: boolean;
  ladder_attempts: number;
  reopened: boolean;
  event_id: string;
  given_id: string | null;
  event_type: string;
  product_id: string;
  occurred_at: Date;
  occurred_text: string | null;
  /** Null if it has expired. */
  data: string | null;
  user_context: string | null;
  event_channels: string[];
  chosen_by_customer: boolean;
  traceparent: string | null;
}

/**
 * Notifications of one subscription for events of one type share its columns, so only one of their
 * rows has them. Otherwise they would make up most of a group's result.
 *
 * The plan is kept, and may be as old as a day whose partitions were empty. `offset 0` keeps the
 * subquery apart, so that its index conditions include the id of the event. A plain join scans all
 * events of the day for each group.
 */
const load = perWindow(
  'load-deliveries',
  (has) => `
select n.id, n.status, n.attempt_count, n.last_attempt_key, n.last_error_message, n.next_attempt_at, n.created_at, n.claimed_by, n.rate_seq, n.retry_asked, n.ladder_attempts, n.reopened, n.event_id, n.event_type,
  n.product_id, n.subscription_id, n.customer_id, n.given_id, n.occurred_at, n.occurred_text, n.data, n.user_context, n.event_channels, n.chosen_by_customer, n.traceparent,
  ${deliverySubscriptionColumns('(n.subscription)')}
from (
  select n.id, n.status, n.attempt_count, n.last_attempt_key, n.last_error_message, n.next_attempt_at, n.created_at,
    case when ${claimIsLive('n.', '$2')} then n.claimed_by end as claimed_by, n.rate_seq, n.retry_asked, n.attempt_count - n.ladder_base as ladder_attempts, n.opened_at > n.created_at as reopened, n.event_id, n.event_type, n.product_id, n.subscription_id, n.customer_id,
    e.given_id, e.occurred_at, e.occurred_text, e.data::text as data, e.user_context::text as user_context, e.channels as event_channels, e.chosen_by_customer, e.traceparent,
    case when row_number() over (partition by s.id, n.event_type) = 1 then s end as subscription
  from notifications n
  cross join lateral (select * from events e where e.id = n.event_id and ${has('e.id')} offset 0) e
  left join subscription_states s on s.id = n.subscription_id
  where n.id = any($1) and ${has('n.id')}
) n
${deliverySubscriptionJoins('(n.subscription)', 'n.event_type')}`,
);

/**
 * @returns what each attempt needs, in the given order; undefined if there is no such notification
 */
export async function loadDeliveries(
  db: Database,
  notificationIds: readonly string[],
): Promise<(Delivery | undefined)[]> {
  const uuids = notificationIds.map(uuidOf);
  const rows: DeliveryRow[] = [];
  // The id of a notification begins like the id of its event, so both are of the same week.
  for (const [window, ids] of byWindow(uuids, (uuid) => uuid)) {
    const loaded = await db.query<DeliveryRow>({ ...load(window), values: [ids, claimGraceSeconds(db)] });
    rows.push(...loaded.rows);
  }
  const found = new Map(rows.map((row) => [row.id, row]));
  const keyOf = (row: DeliveryRow) => `${row.subscription_id} ${row.event_type}`;
  const subscriptions = new Map<string, DeliverySubscription | null>();
  for (const row of rows)
    if (row.subscription_status !== null) subscriptions.set(keyOf(row), toDeliverySubscription(row));
  return uuids.map((uuid, index) => {
    const row = found.get(uuid);
    return row && toDelivery(notificationIds[index]!, row, subscriptions.get(keyOf(row)) ?? null);
  });
}

function toDelivery(notificationId: string, row: DeliveryRow, subscription: DeliverySubscription | null): Delivery {
  const webhookId = encodeId('evt', row.event_id);
  return {
    notificationId,
    status: row.status,
    attempts: row.attempt_count,
    lastAttemptKey: row.last_attempt_key,
    lastErrorMessage: row.last_error_message,
    nextAttemptAt: row.next_attempt_at,
    acceptedAt: row.created_at,
    claimedBy: row.claimed_by,
    payloadExpired: row.data === null,
    rateSeq: row.rate_seq,
    retryAsked: row.retry_asked,
    ladderAttempts: row.ladder_attempts,
    reopened: row.reopened,
    event: {
      id: row.given_id ?? webhookId,
      webhookId,
      type: row.event_type,
      productId: row.product_id,
      timestamp: storedText(row),
      data: row.data ?? 'null',
      user: row.user_context,
      channels: row.event_channels,
      chosenByCustomer: row.chosen_by_customer,
      traceparent: row.traceparent ?? undefined,
    },
    subscription,
  };
}
