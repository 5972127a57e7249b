import type { NotificationRef } from '../../domain/delivery';
import { decodeId, encodeId, uuidOf } from '../../domain/ids';
import type { RetrySchedule } from '../../domain/retry-schedule';
import type { Executor } from '../db/database';
import { allSpans, collectOldestFirst, withoutLocks } from '../db/spans';
import { byWindow } from '../db/windows';
import { REF_COLUMNS, toRef, type RefRow } from '../notifications/notification-refs';

/**
 * Rescheduling: after a change of a retry schedule, the notifications that wait for their next
 * attempt sleep until times that were planned by the old one. The column `retry_schedule` of a
 * waiting notification is the schedule that its next attempt was planned by.
 */

/** Whose retry schedule was changed. */
export type RescheduleScope = { subscriptionId: string } | { customerId: string };

/**
 * Marks the subscriptions whose waiting notifications have to be planned again. Call it in the
 * transaction of the change.
 *
 * @returns their ids
 */
export async function markRescheduling(db: Executor, scope: RescheduleScope): Promise<string[]> {
  if ('subscriptionId' in scope) {
    await db.query({
      text: 'update subscriptions set rescheduling_since = clock_timestamp() where id = $1',
      values: [decodeId('sub', scope.subscriptionId)],
    });
    return [scope.subscriptionId];
  }
  // All are touched, so that no process uses a cached one with the old schedule.
  const { rows } = await db.query<{ id: string }>({
    text: `update subscriptions set revision = revision where id in (
             select id from subscriptions where customer_id = $1 and retry_schedule is null and deleted_at is null order by id for no key update
           ) returning id`,
    values: [scope.customerId],
  });
  const affected = await withOpen(
    db,
    rows.map(({ id }) => id),
  );
  await db.query({
    text: 'update subscriptions set rescheduling_since = clock_timestamp() where id = any($1)',
    values: [affected],
  });
  return affected.map((id) => encodeId('sub', id));
}

/** @returns the UUIDs of the subscriptions with notifications that wait, or may wait soon */
async function withOpen(db: Executor, subscriptionUuids: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const [from, to] of subscriptionUuids.length > 0 ? await allSpans(db, 'notifications') : []) {
    const { rows } = await withoutLocks(db, () =>
      db.query<{ id: string }>({
        text: `select s.id from unnest($1::uuid[]) as s (id)
               where exists (select from notifications n where n.subscription_id = s.id and n.status in ('pending', 'delivering', 'retrying') and n.id >= $2 and n.id < $3)`,
        values: [subscriptionUuids.filter((id) => !found.has(id)), from, to],
      }),
    );
    for (const { id } of rows) found.add(id);
    if (found.size === subscriptionUuids.length) break;
  }
  return [...found];
}

/** A rescheduling that is going on. */
export interface Rescheduling {
  since: Date;
  /** Time since it was marked. */
  ageSeconds: number;
  schedule: RetrySchedule;
}

/** @returns undefined if nothing has to be planned again */
export async function findRescheduling(db: Executor, subscriptionId: string): Promise<Rescheduling | undefined> {
  const { rows } = await db.query<{ since: Date; age_seconds: number; schedule: number[] }>({
    text: `select date_trunc('milliseconds', rescheduling_since) as since, extract(epoch from clock_timestamp() - rescheduling_since)::float8 as age_seconds,
             coalesce(retry_schedule, customer_retry_schedule) as schedule
           from subscription_states where id = $1 and rescheduling_since is not null`,
    values: [decodeId('sub', subscriptionId)],
  });
  const [row] = rows;
  return row && { since: row.since, ageSeconds: row.age_seconds, schedule: row.schedule };
}

/** Ends a rescheduling, unless the schedule was changed again. */
export async function clearRescheduling(db: Executor, subscriptionId: string, since: Date): Promise<void> {
  await db.query({
    text: `update subscriptions set rescheduling_since = null where id = $1 and date_trunc('milliseconds', rescheduling_since) = $2`,
    values: [decodeId('sub', subscriptionId), since],
  });
}

/** A notification that waits for an attempt that was planned by another schedule. */
export interface Misplanned extends NotificationRef {
  attempts: number;
  /** Failed attempts of the ladder. */
  failures: number;
  /** Undefined if the attempt is not in the log any more. */
  lastAttempt: LastAttempt | undefined;
}

interface LastAttempt {
  finishedAt: Date;
  response: { status: number; headers: Record<string, string> } | null;
}

type MisplannedRow = RefRow & { attempt_count: number; failures: number; last_attempt_id: string | null };

/**
 * Lists notifications that wait for an attempt that was planned by another schedule, in order of
 * acceptance. Those in the line of a rate limit are due already.
 */
export async function listMisplanned(
  db: Executor,
  subscriptionId: string,
  { schedule }: Rescheduling,
  limit: number,
): Promise<Misplanned[]> {
  const rows = await collectOldestFirst(db, 'notifications', {}, limit, async ([from, to], left) => {
    const found = await db.query<MisplannedRow>({
      text: `select ${REF_COLUMNS}, n.attempt_count, n.attempt_count - n.ladder_base as failures, n.last_attempt_id
             from notifications n join subscription_states s on s.id = n.subscription_id
             where n.subscription_id = $1 and n.status = 'retrying' and n.rate_seq is null and n.retry_schedule <> $2 and n.id >= $4 and n.id < $5
             order by n.id limit $3`,
      values: [decodeId('sub', subscriptionId), schedule, left, from, to],
    });
    return found.rows;
  });
  const lastAttempts = await findAttempts(
    db,
    rows.flatMap(({ last_attempt_id: id }) => id ?? []),
  );
  return rows.map((row) => ({
    ...toRef(row),
    attempts: row.attempt_count,
    failures: row.failures,
    lastAttempt: lastAttempts.get(row.last_attempt_id ?? ''),
  }));
}

interface AttemptRow {
  id: string;
  finished_at: Date;
  response_status: number | null;
  /** Null if it has expired. */
  response_headers: Record<string, string> | null;
}

async function findAttempts(db: Executor, uuids: readonly string[]): Promise<Map<string, LastAttempt>> {
  const attempts = new Map<string, LastAttempt>();
  for (const [window, ids] of byWindow(uuids, (uuid) => uuid)) {
    const { rows } = await db.query<AttemptRow>({
      text: `select id, finished_at, response_status, response_headers from attempts where id = any($1) and ${window.has('id')}`,
      values: [ids],
    });
    for (const { id, finished_at, response_status: status, response_headers: headers } of rows)
      attempts.set(id, {
        finishedAt: finished_at,
        response: status === null ? null : { status, headers: headers ?? {} },
      });
  }
  return attempts;
}

/** A new time of the next attempt. */
export interface Move {
  notificationId: string;
  /** Attempts after which it waits. */
  attempts: number;
  nextAttemptAt: Date;
}

/**
 * Moves the next attempts of notifications that still wait for them, and whose retry nobody asked
 * for.
 *
 * @param checkAfterSeconds - after its time, the reconciler checks on a notification
 * @returns those that were moved
 */
export async function moveNextAttempts<T extends Move>(
  db: Executor,
  moves: readonly T[],
  checkAfterSeconds: number,
): Promise<T[]> {
  const moved = new Set<string>();
  for (const [window, group] of byWindow(moves, ({ notificationId }) => uuidOf(notificationId))) {
    const { rows } = await db.query<{ id: string }>({
      text: `update notifications n set next_attempt_at = m.at, reconcile_after = m.at + make_interval(secs => $4)
             from unnest($1::uuid[], $2::int[], $3::timestamptz[]) as m (id, attempts, at)
             where n.id = m.id and n.id = any($1) and ${window.has('n.id')} and n.status = 'retrying' and n.attempt_count = m.attempts
               and n.rate_seq is null and not n.retry_asked
             returning n.id`,
      values: [
        group.map(({ notificationId }) => uuidOf(notificationId)),
        group.map(({ attempts }) => attempts),
        group.map(({ nextAttemptAt }) => nextAttemptAt),
        checkAfterSeconds,
      ],
    });
    for (const { id } of rows) moved.add(encodeId('ntf', id));
  }
  return moves.filter(({ notificationId }) => moved.has(notificationId));
}

/** Notes that notifications wait by this schedule now, after their workflows were signalled. */
export async function notePlanned(
  db: Executor,
  notificationIds: readonly string[],
  schedule: RetrySchedule,
): Promise<void> {
  for (const [window, uuids] of byWindow(notificationIds.map(uuidOf), (uuid) => uuid))
    await db.query({
      text: `update notifications set retry_schedule = $2 where id = any($1) and ${window.has('id')} and status = 'retrying'`,
      values: [uuids, schedule],
    });
}
