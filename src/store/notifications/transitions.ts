import type { NotificationStatus } from '../../domain/types';
import { OVERDUE_SECONDS, RECONCILE_AFTER_SECONDS } from '../../domain/delivery';
import { uuidOf } from '../../domain/ids';
import type { Executor } from '../db/database';
import { inWindow } from '../db/windows';
import { raiseExhausted } from '../operational/raising';
import { NO_WORKFLOW, type Claim } from './claim-grace';

/**
 * SQL: the status of a notification that is closed without a delivery. One that was delivered
 * before a person retried it has that status again, so that only a person has it sent again.
 */
const closedAs = (status: 'cancelled' | 'failed') =>
  `case when delivered_at is not null then 'delivered' else '${status}' end`;

/**
 * Sets the status `delivering`. The happy path skips it: a first attempt in the fast lane is over
 * too soon to be seen.
 *
 * @param reconcileAfterSeconds - when the reconciler checks on the notification
 * @param claim - keeps other processes from making the attempt at the same time
 */
export async function markDelivering(
  db: Executor,
  notificationId: string,
  reconcileAfterSeconds: number,
  claim?: Claim,
): Promise<void> {
  await db.query({
    ...inWindow(
      'mark-delivering',
      uuidOf(notificationId),
      (
        has,
      ) => `update notifications set status = 'delivering', rate_seq = null, next_attempt_at = null, finished_at = null, retry_asked = false, reconcile_after = now() + make_interval(secs => $2),
             claimed_by = $3, claimed_until = now() + make_interval(secs => $4)
           where id = $1 and ${has('id')} and status not in ('delivered', 'cancelled')`,
    ),
    values: [uuidOf(notificationId), reconcileAfterSeconds, claim?.processId ?? null, claim?.seconds ?? 0],
  });
}

/**
 * Shows when an attempt that was put off is tried again. Any process may make it then, whether or
 * not this one had begun or claimed it.
 *
 * @param processId - of this process
 */
export async function postpone(
  db: Executor,
  notificationId: string,
  waitSeconds: number,
  processId: string,
): Promise<void> {
  await db.query({
    ...inWindow(
      'postpone',
      uuidOf(notificationId),
      (
        has,
      ) => `update notifications set next_attempt_at = now() + make_interval(secs => $2), reconcile_after = now() + make_interval(secs => $2 + ${OVERDUE_SECONDS}),
             claimed_by = case when status <> 'delivering' and claimed_by is distinct from $3 then claimed_by end
           where id = $1 and ${has('id')} and status in ('pending', 'retrying', 'delivering')`,
    ),
    values: [uuidOf(notificationId), waitSeconds, processId],
  });
}

/**
 * Shows when a first attempt is made whose workflow starts later.
 *
 * @returns `closed` if it is delivered, cancelled or held, and needs no start; `due` if the attempt
 *   has a time of its own, because it is not the first one or waits in a line
 */
export async function postponeFirst(
  db: Executor,
  notificationId: string,
  waitSeconds: number,
): Promise<'postponed' | 'due' | 'closed'> {
  const { rowCount } = await db.query({
    ...inWindow(
      'postpone-first',
      uuidOf(notificationId),
      (
        has,
      ) => `update notifications set next_attempt_at = now() + make_interval(secs => $2), reconcile_after = now() + make_interval(secs => $2 + ${OVERDUE_SECONDS})
           where id = $1 and ${has('id')} and status = 'pending' and attempt_count = 0 and rate_seq is null`,
    ),
    values: [uuidOf(notificationId), waitSeconds],
  });
  if (rowCount === 1) return 'postponed';
  const { rows } = await db.query<{ status: NotificationStatus }>({
    text: 'select status from notifications where id = $1',
    values: [uuidOf(notificationId)],
  });
  const status = rows[0]?.status ?? 'cancelled';
  return status === 'delivered' || status === 'cancelled' || status === 'held' ? 'closed' : 'due';
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
    ...inWindow(
      'hand-over',
      uuidOf(notificationId),
      (has) => `update notifications set last_attempt_key = $3, burst_id = null,
             reconcile_after = case when retry_asked then now() + interval '${RECONCILE_AFTER_SECONDS} seconds' else next_attempt_at + interval '${OVERDUE_SECONDS} seconds' end
           where id = $1 and ${has('id')} and last_attempt_key = $2`,
    ),
    values: [uuidOf(notificationId), headStartKey, attemptKey],
  });
}

/**
 * Holds an open notification if its subscription still takes no deliveries.
 *
 * @param byBurst - the process whose head start holds it, in a burst. As long as its claim lives,
 *   the notification has no workflow of its own. Absent for a workflow, and for the head start of
 *   one
 * @returns whether it is held
 */
export async function holdNotification(db: Executor, notificationId: string, byBurst?: string): Promise<boolean> {
  const { rowCount } = await db.query({
    ...inWindow(
      'hold-notification',
      uuidOf(notificationId),
      (
        has,
      ) => `update notifications n set status = 'held', rate_seq = null, next_attempt_at = null, reconcile_after = null,
             claimed_until = case when n.claimed_by = $2 and n.claimed_until > now() and n.status = 'pending' then ${NO_WORKFLOW}
               when $2::text is null then nullif(n.claimed_until, ${NO_WORKFLOW}) else n.claimed_until end
           from subscription_states s
           where n.id = $1 and ${has('n.id')} and s.id = n.subscription_id and s.status <> 'enabled' and n.status not in ('delivered', 'cancelled', 'failed')`,
    ),
    values: [uuidOf(notificationId), byBurst ?? null],
  });
  return rowCount === 1;
}

const EXHAUSTED = raiseExhausted("select * from closed where status = 'failed'");

/**
 * Fails a notification that waits for its next attempt, or was released after one, because its
 * retry schedule has none any more.
 *
 * @returns its status after that, or undefined if it was changed meanwhile
 */
export async function failNotification(
  db: Executor,
  notificationId: string,
): Promise<'failed' | 'delivered' | undefined> {
  const { rows } = await db.query<{ status: 'failed' | 'delivered' }>({
    ...inWindow(
      'fail-notification',
      uuidOf(notificationId),
      (has) => `with closed as (
             update notifications set status = ${closedAs('failed')}, rate_seq = null, next_attempt_at = null, reconcile_after = null, finished_at = now()
             where id = $1 and ${has('id')} and (status = 'retrying' or status = 'pending' and attempt_count > ladder_base) and not retry_asked
             returning id, subscription_id, status, attempt_count as attempts, last_error_message as reason, product_id
           ),
           ${EXHAUSTED}
           select status from closed`,
    ),
    values: [uuidOf(notificationId)],
  });
  return rows[0]?.status;
}

interface StateRow {
  status: NotificationStatus;
  attempt_count: number;
  opened_at: Date;
}

/** The state of a notification after it was to be cancelled. */
export interface CancelledState {
  status: NotificationStatus;
  attempts: number;
  openedAt: Date;
}

/** Assignments that cancel a notification, or leave it as it is if it is closed. */
export const CANCEL = `status = ${closedAs('cancelled')}, rate_seq = null, next_attempt_at = null, finished_at = case when status in ('cancelled', 'delivered') then finished_at else now() end`;

/**
 * Cancels a notification, unless it is closed. Call it where its workflow closes or does not run.
 *
 * @param openedAt - a notification that was reopened later is left alone
 * @returns its state after that, or undefined if there is none
 */
export async function cancelNotification(
  db: Executor,
  notificationId: string,
  openedAt?: Date,
): Promise<CancelledState | undefined> {
  return cancelOr(db, notificationId, {
    ...inWindow(
      'cancel-notification',
      uuidOf(notificationId),
      (has) => `update notifications set ${CANCEL}, reconcile_after = null
           where id = $1 and ${has('id')} and (status in ('pending', 'delivering', 'retrying', 'held', 'cancelled') or status = 'delivered' and delivered_at is not null)
             and ($2::timestamptz is null or date_trunc('milliseconds', opened_at) <= $2)
           returning status, attempt_count, opened_at`,
    ),
    values: [uuidOf(notificationId), openedAt ?? null],
  });
}

/**
 * Cancels a notification, unless it is closed, before its workflow is signalled. If the signal is
 * lost, the reconciler repeats it.
 *
 * @returns its state after that, or undefined if there is none
 */
export async function requestCancel(db: Executor, notificationId: string): Promise<CancelledState | undefined> {
  return cancelOr(db, notificationId, {
    text: `update notifications set ${CANCEL}, reconcile_after = now() + interval '${RECONCILE_AFTER_SECONDS} seconds'
           where id = $1 and status in ('pending', 'delivering', 'retrying', 'held')
           returning status, attempt_count, opened_at`,
    values: [uuidOf(notificationId)],
  });
}

async function cancelOr(
  db: Executor,
  notificationId: string,
  cancel: { name?: string; text: string; values: unknown[] },
): Promise<CancelledState | undefined> {
  const cancelled = await db.query<StateRow>(cancel);
  // A second statement: in the same one, the state would be that from before a concurrent change.
  const { rows } =
    cancelled.rowCount === 0
      ? await db.query<StateRow>({
          text: 'select status, attempt_count, opened_at from notifications where id = $1',
          values: [uuidOf(notificationId)],
        })
      : cancelled;
  const [row] = rows;
  return row && { status: row.status, attempts: row.attempt_count, openedAt: row.opened_at };
}
