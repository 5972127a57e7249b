import { RECONCILE_AFTER_SECONDS, type ReopenedNotification } from '../../domain/delivery';
import { CLOSED_STATUSES, type NotificationStatus } from '../../domain/types';
import { decodeId, uuidOf, uuidsSharingTime } from '../../domain/ids';
import type { Executor } from '../db/database';
import type { Span } from '../db/spans';
import { REOPENED_COLUMNS, toReopened, type ReopenedRow } from './notification-refs';

/**
 * Assignments that reopen a closed notification: sets `notifications n` from `subscription_states
 * s`.
 */
export const REOPEN = `status = 'pending', delivered_at = coalesce(n.delivered_at, case when n.status = 'delivered' then n.finished_at end), opened_at = clock_timestamp(), ladder_base = n.attempt_count, finished_at = null,
  rate_seq = null, next_attempt_at = null, reconcile_after = now() + interval '30 seconds', retry_schedule = coalesce(s.retry_schedule, s.customer_retry_schedule)`;

/**
 * SQL: the payload of the event of `notifications n` has not expired.
 *
 * @param first - parameters of {@link eventBounds}, which exclude the partitions of other days
 * @param has - the same as literals, for prepared statements
 */
export const HAS_PAYLOAD = (first: string, last: string, has = (column: string) => `${column} is not null`) =>
  `exists (select from events e where e.id = n.event_id and e.id between ${first} and ${last} and ${has('e.id')} and e.data is not null)`;

/** The lowest and highest id that the events of the notifications of a span can have. */
export const eventsWithin = ([from, to]: Span): Span => [uuidsSharingTime(from)[0], uuidsSharingTime(to)[1]];

/** The lowest and highest id that the event of a notification can have. */
export const eventBounds = (notificationId: string) => uuidsSharingTime(uuidOf(notificationId));

/** Whether the payload of a notification's event has expired, so that it cannot be sent again. */
export async function isPayloadExpired(db: Executor, id: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: `select from notifications n where n.id = $1 and not ${HAS_PAYLOAD('$2', '$3')}`,
    values: [decodeId('ntf', id), ...eventBounds(id)],
  });
  return rowCount === 1;
}

/** What a retry reopens without `force`. */
const UNDELIVERED: readonly NotificationStatus[] = ['failed', 'cancelled'];

/**
 * Reopens a closed notification with a new ladder and the current retry schedule. If the signal
 * that follows is lost, the reconciler finds the notification.
 *
 * @param force - whether one that was delivered is reopened as well
 * @returns what is needed to signal its workflow, or undefined if it is not to be reopened, its
 *   subscription was deleted, or the payload of its event has expired
 */
export async function reopenNotification(
  db: Executor,
  id: string,
  force = false,
): Promise<ReopenedNotification | undefined> {
  const { rows } = await db.query<ReopenedRow>({
    text: `update notifications n set ${REOPEN}
           from subscription_states s
           where n.id = $1 and n.status = any ($4) and s.id = n.subscription_id and ${HAS_PAYLOAD('$2', '$3')}
           returning ${REOPENED_COLUMNS}`,
    values: [decodeId('ntf', id), ...eventBounds(id), force ? CLOSED_STATUSES : UNDELIVERED],
  });
  return rows[0] && toReopened(rows[0]);
}

/** SQL: `notifications n` waits for its next attempt, or in the line of a rate limit. */
export const WAITS = `(n.status = 'retrying' or n.status = 'pending' and n.rate_seq is not null)`;

/** Assignments that ask for an attempt of `notifications n` now. */
export const MAKE_DUE = `retry_asked = true, next_attempt_at = case when ${WAITS} then now() else n.next_attempt_at end,
  reconcile_after = case when ${WAITS} then now() + interval '${RECONCILE_AFTER_SECONDS} seconds' else n.reconcile_after end`;

/**
 * Makes a notification that waits for its next attempt or in the line of a rate limit due now.
 * During an attempt it notes that another one was asked for, in case this one fails. The first
 * attempt is made while the status is `pending`, under a claim. If the retry signal is lost, the
 * reconciler finds the notification.
 */
export async function markDue(db: Executor, id: string): Promise<void> {
  await db.query({
    text: `update notifications n set ${MAKE_DUE} where n.id = $1 and (${WAITS} or n.status = 'delivering'
             or n.status = 'pending' and n.opened_at = n.created_at and n.claimed_until > now())`,
    values: [decodeId('ntf', id)],
  });
}

/**
 * Releases a held notification whose subscription takes deliveries again, before its turn in the
 * release, and asks for its attempt now.
 *
 * @returns whether it was held, and is not any more
 */
export async function releaseForRetry(db: Executor, id: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: `with released as (
             update notifications n set status = 'pending', retry_asked = true, next_attempt_at = null, claimed_by = null, claimed_until = now(),
               reconcile_after = now() + interval '${RECONCILE_AFTER_SECONDS} seconds'
             from subscription_states s
             where n.id = $1 and n.status = 'held' and s.id = n.subscription_id and s.status = 'enabled'
             returning n.subscription_id
           ),
           noted as (
             update releases r set released = r.released + 1 from released where r.subscription_id = released.subscription_id
           )
           select from released`,
    values: [decodeId('ntf', id)],
  });
  return rowCount === 1;
}
