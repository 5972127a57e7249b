import { decodeId } from '../../domain/ids';
import { toAccepted, type AcceptRow } from './accept';
import type { Executor } from '../db/database';
import {
  CLAIM,
  claimedUntil,
  COUNT_EVENTS,
  hostOf,
  insertNotifications,
  LANE,
  PENDING_OR_HELD,
} from './accept-statement';
import type { EventToAccept, AcceptedNotification } from '../../domain/acceptance';

/** An event for one subscription only. Other subscriptions do not get it, even if they match. */
export type TriggeredEvent = Pick<
  EventToAccept,
  'uuid' | 'type' | 'timestamp' | 'data' | 'searchItems' | 'traceparent'
> & {
  productId: string;
  /** Whether the role `customer` chose the data. */
  chosenByCustomer: boolean;
};

const TRIGGER = `
with stored as (
  insert into events (id, product_id, type, customer_id, channels, occurred_at, data, chosen_by_customer, search_items, traceparent)
  select $1, $2, $3, customer_id, '{}', $4, $5::json, $8, $9, $10 from subscription_states where id = $6
),
matched as (
  select (left($1::text, 19) || right(gen_random_uuid()::text, 17))::uuid as id, $1::uuid as event_id, id as subscription_id, customer_id, $2::text as owner,
    $3::text as type, ${PENDING_OR_HELD} as status, coalesce(retry_schedule, customer_retry_schedule) as schedule, ${LANE} as lane,
    ${claimedUntil('$7')} as claimed_until, revision, rate_limit_per_second, ${hostOf()} as host
  from subscription_states s where id = $6
),
${insertNotifications('$7')},
counted as (
  ${COUNT_EVENTS}
)
select m.id as notification_id, m.subscription_id, m.customer_id, m.owner, m.status, m.schedule, m.lane, ${CLAIM}
from matched m
left join service_definitions d on d.event_type = m.type`;

/**
 * Accepts an event for one subscription ("Trigger Now") and claims its first attempt.
 *
 * @returns its notification, or undefined if the subscription was deleted
 */
export async function acceptTriggered(
  db: Executor,
  event: TriggeredEvent,
  subscriptionId: string,
  claimedBy: string,
): Promise<AcceptedNotification | undefined> {
  const { rows } = await db.query<AcceptRow>({
    text: TRIGGER,
    values: [
      event.uuid,
      event.productId,
      event.type,
      event.timestamp.at,
      event.data,
      decodeId('sub', subscriptionId),
      claimedBy,
      event.chosenByCustomer,
      event.searchItems ?? null,
      event.traceparent ?? null,
    ],
  });
  return rows[0] && toAccepted(rows[0], event.type);
}
