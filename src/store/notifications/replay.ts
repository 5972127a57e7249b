import { decodeId, encodeId, uuidsSharingTime, uuidTimeMs } from '../../domain/ids';
import type { AcceptedNotification } from '../../domain/acceptance';
import type { Executor } from '../db/database';
import { dayOf } from '../db/partition-catalog';
import { noteOpen } from '../retention/day-summaries';
import { toAccepted, type AcceptRow } from './accept';
import { insertNotifications, LANE, PENDING_OR_HELD } from './accept-statement';

/**
 * The id of the notification begins like that of its event, as always: lists of an event's
 * notifications look nowhere else. Nobody claims the first attempt, so its workflow makes it.
 */
const REPLAY = `
with event as (
  select id as event_id, product_id as owner, type from events where id = $1 and data is not null
),
matched as (
  select (left(event_id::text, 19) || right(gen_random_uuid()::text, 17))::uuid as id, event_id, s.id as subscription_id, customer_id,
    owner, type, ${PENDING_OR_HELD} as status, coalesce(retry_schedule, customer_retry_schedule) as schedule, ${LANE} as lane,
    null::timestamptz as claimed_until, rate_limit_per_second
  from event, subscription_states s where s.id = $2
),
${insertNotifications('null')}
select id as notification_id, subscription_id, customer_id, owner, type, status, schedule, lane, false as claimed, null as host, null as revision
from matched`;

/**
 * Notifies a subscription of an event again, whether it matches or not. The caller has checked
 * that the event may be sent there. Call it in a transaction.
 *
 * @returns undefined if the payload of the event has expired, or the subscription was deleted
 */
export async function replayEvent(
  db: Executor,
  eventUuid: string,
  subscriptionId: string,
): Promise<AcceptedNotification | undefined> {
  await noteOpen(db, dayOf(uuidTimeMs(eventUuid)));
  const { rows } = await db.query<AcceptRow & { type: string }>({
    text: REPLAY,
    values: [eventUuid, decodeId('sub', subscriptionId)],
  });
  return rows[0] && toAccepted(rows[0], rows[0].type);
}

/** @returns the id of a notification of this event and subscription that is still open */
export async function findOpen(db: Executor, eventUuid: string, subscriptionId: string): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>({
    text: `select id from notifications where event_id = $1 and subscription_id = $2 and id between $3 and $4
             and status in ('pending', 'delivering', 'retrying', 'held') limit 1`,
    values: [eventUuid, decodeId('sub', subscriptionId), ...uuidsSharingTime(eventUuid)],
  });
  return rows[0] && encodeId('ntf', rows[0].id);
}
