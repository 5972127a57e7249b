import { OVERDUE_SECONDS, type NotificationRef } from '../../domain/delivery';
import { decodeId, uuidOf } from '../../domain/ids';
import { DRAIN_PER_SECOND, dueAtMs, rateIntervalMs } from '../../domain/rate-line';
import type { Executor } from '../db/database';
import { allSpans } from '../db/spans';
import { byWindow } from '../db/windows';
import { REF_COLUMNS, toRef, type RefRow } from '../notifications/notification-refs';
import { readLine } from './rate-line';

/**
 * Waking: after a change of a rate limit, the notifications in the line sleep until times that were
 * planned by the old limit.
 */

/**
 * Notes that a rate limit was changed, so that the settlement wakes those that wait for their turn.
 * Manual retries took turns of the future, by the interval of the old limit: those are undone.
 */
export async function markRateChanged(db: Executor, subscriptionId: string): Promise<void> {
  await db.query({
    text: `update rate_lines set wake_since = clock_timestamp(), woken_up_to = null, version = version + 1,
             taken_at = case when taken_at > clock_timestamp() then clock_timestamp() else taken_at end where subscription_id = $1`,
    values: [decodeId('sub', subscriptionId)],
  });
}

/** A wake that is going on. */
export interface Wake {
  since: Date;
  /** The last number that was woken; -1 before the first one. */
  upTo: number;
  ratePerSecond: number;
}

/** @returns undefined if nobody has to be woken */
export async function findWake(db: Executor, subscriptionId: string): Promise<Wake | undefined> {
  const { rows } = await db.query<{ since: Date; up_to: number; rate_limit_per_second: number | null }>({
    text: `select date_trunc('milliseconds', l.wake_since) as since, coalesce(l.woken_up_to, -1) as up_to, s.rate_limit_per_second
           from rate_lines l join subscriptions s on s.id = l.subscription_id where l.subscription_id = $1 and l.wake_since is not null and s.deleted_at is null`,
    values: [decodeId('sub', subscriptionId)],
  });
  const [row] = rows;
  return row && { since: row.since, upTo: row.up_to, ratePerSecond: row.rate_limit_per_second ?? DRAIN_PER_SECOND };
}

/** A notification in the line, and when it is due by the limit of now. */
export interface LinedUp extends NotificationRef {
  seq: number;
  dueInMs: number;
  /** When its workflow asks by itself; null if it has not asked yet. */
  wakesInMs: number | null;
}

type LineRow = RefRow & { rate_seq: number; checked_at_ms: number | null };

/**
 * Lists the line after a number, in order. `reconcile_after` is half a minute after the workflow
 * wakes, even where `next_attempt_at` shows a later decision.
 */
export async function listLine(
  db: Executor,
  subscriptionId: string,
  { upTo, ratePerSecond }: Wake,
  limit: number,
): Promise<LinedUp[]> {
  const { nowMs, ...state } = await readLine(db, subscriptionId);
  const rows: LineRow[] = [];
  for (const [from, to] of await allSpans(db, 'notifications')) {
    const found = await db.query<LineRow>({
      text: `select ${REF_COLUMNS}, n.rate_seq,
               case when n.next_attempt_at is not null then (extract(epoch from n.reconcile_after) * 1000)::float8 end as checked_at_ms
             from notifications n join subscription_states s on s.id = n.subscription_id
             where n.subscription_id = $1 and n.status in ('pending', 'retrying') and n.rate_seq > $2 and n.id >= $4 and n.id < $5
             order by n.rate_seq limit $3`,
      values: [decodeId('sub', subscriptionId), upTo, limit, from, to],
    });
    rows.push(...found.rows);
  }
  // An old notification may have joined the line late, after a retry.
  const line = rows.sort((a, b) => a.rate_seq - b.rate_seq).slice(0, limit);
  return line.map((row) => {
    const dueMs = dueAtMs(state, row.rate_seq, rateIntervalMs(ratePerSecond), nowMs);
    return {
      ...toRef(row),
      seq: row.rate_seq,
      dueInMs: Math.max(0, dueMs - nowMs),
      wakesInMs: row.checked_at_ms === null ? null : row.checked_at_ms - OVERDUE_SECONDS * 1000 - nowMs,
    };
  });
}

/** Counts those of some notifications that are still in the line. */
export async function countInLine(db: Executor, notificationIds: readonly string[]): Promise<number> {
  let count = 0;
  for (const [window, uuids] of byWindow(notificationIds.map(uuidOf), (uuid) => uuid)) {
    const { rows } = await db.query<{ waiting: number }>({
      text: `select count(*) as waiting from notifications n
           where n.id = any($1) and ${window.has('n.id')} and n.status in ('pending', 'retrying') and n.rate_seq is not null`,
      values: [uuids],
    });
    count += rows[0]!.waiting;
  }
  return count;
}

/** Shows when notifications in the line are due. */
export async function showDue(db: Executor, line: readonly LinedUp[]): Promise<void> {
  for (const [window, group] of byWindow(line, ({ notificationId }) => uuidOf(notificationId)))
    await db.query({
      text: `update notifications n set next_attempt_at = now() + make_interval(secs => t.due_in_ms / 1000)
             from unnest($1::uuid[], $2::float8[]) as t (id, due_in_ms)
             where n.id = t.id and ${window.has('n.id')} and n.rate_seq is not null and n.status in ('pending', 'retrying')`,
      values: [group.map(({ notificationId }) => uuidOf(notificationId)), group.map(({ dueInMs }) => dueInMs)],
    });
}

/** Notes how far the line was woken, unless the limit was changed again. */
export async function noteWoken(db: Executor, subscriptionId: string, { since }: Wake, upTo: number): Promise<void> {
  await db.query({
    text: `update rate_lines set woken_up_to = $3 where subscription_id = $1 and date_trunc('milliseconds', wake_since) = $2`,
    values: [decodeId('sub', subscriptionId), since, upTo],
  });
}

/** Ends a wake, unless the limit was changed again. */
export async function endWake(db: Executor, subscriptionId: string, { since }: Wake): Promise<void> {
  await db.query({
    text: `update rate_lines set wake_since = null, woken_up_to = null where subscription_id = $1 and date_trunc('milliseconds', wake_since) = $2`,
    values: [decodeId('sub', subscriptionId), since],
  });
}
