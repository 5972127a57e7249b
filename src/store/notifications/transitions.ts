import type { NotificationStatus } from '../../domain/types';
import { OVERDUE_SECONDS } from '../../domain/delivery';
import { uuidOf } from '../../domain/ids';
import type { Executor } from '../db/database';

/**
 * Sets the status `delivering`. The happy path skips it: a first attempt in the fast lane is over
 * too soon to be seen.
 *
 * @param reconcileAfterSeconds - when the reconciler checks on the notification
 */
export async function markDelivering(
  db: Executor,
  notificationId: string,
  reconcileAfterSeconds: number,
): Promise<void> {
  await db.query({
    name: 'mark-delivering',
    text: `update notifications set status = 'delivering', rate_seq = null, next_attempt_at = null, finished_at = null, retry_asked = false, reconcile_after = now() + make_interval(secs => $2)
           where id = $1 and status not in ('delivered', 'cancelled')`,
    values: [uuidOf(notificationId), reconcileAfterSeconds],
  });
}

/** Shows when an attempt that found no slot in its lane is tried again. */
export async function postpone(db: Executor, notificationId: string, waitSeconds: number): Promise<void> {
  await db.query({
    name: 'postpone',
    text: `update notifications set next_attempt_at = now() + make_interval(secs => $2), reconcile_after = now() + make_interval(secs => $2 + ${OVERDUE_SECONDS})
           where id = $1 and status in ('pending', 'retrying', 'delivering')`,
    values: [uuidOf(notificationId), waitSeconds],
  });
}

/**
 * Completes the take-over of a failed head start: replaces its attempt key with the workflow's own.
 */
export async function handOver(
  db: Executor,
  notificationId: string,
  headStartKey: string,
  attemptKey: string,
): Promise<void> {
  await db.query({
    name: 'hand-over',
    text: `update notifications set last_attempt_key = $3, burst_id = null, reconcile_after = next_attempt_at + interval '${OVERDUE_SECONDS} seconds'
           where id = $1 and last_attempt_key = $2`,
    values: [uuidOf(notificationId), headStartKey, attemptKey],
  });
}

/**
 * Holds an open notification if its subscription still takes no deliveries.
 *
 * @returns whether it is held
 */
export async function holdNotification(db: Executor, notificationId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'hold-notification',
    text: `update notifications n set status = 'held', rate_seq = null, next_attempt_at = null, reconcile_after = null
           from subscription_states s
           where n.id = $1 and s.id = n.subscription_id and s.status <> 'enabled' and n.status not in ('delivered', 'cancelled', 'failed')`,
    values: [uuidOf(notificationId)],
  });
  return rowCount === 1;
}

interface CancelledRow {
  status: NotificationStatus;
  attempt_count: number;
}

/**
 * Cancels a notification, unless it is closed.
 *
 * @returns its state after that, or undefined if there is none
 */
export async function cancelNotification(
  db: Executor,
  notificationId: string,
): Promise<{ status: NotificationStatus; attempts: number } | undefined> {
  const values = [uuidOf(notificationId)];
  const cancelled = await db.query<CancelledRow>({
    name: 'cancel-notification',
    text: `update notifications set status = 'cancelled', rate_seq = null, next_attempt_at = null, reconcile_after = null, finished_at = now()
           where id = $1 and status in ('pending', 'delivering', 'retrying', 'held')
           returning status, attempt_count`,
    values,
  });
  // A second statement: in the same one, the state would be that from before a concurrent change.
  const closed =
    cancelled.rowCount === 0
      ? await db.query<CancelledRow>({ text: 'select status, attempt_count from notifications where id = $1', values })
      : cancelled;
  const [row] = closed.rows;
  return row && { status: row.status, attempts: row.attempt_count };
}
