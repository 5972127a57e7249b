import { OVERDUE_SECONDS, type NotificationRef } from '../../domain/delivery';
import { decodeId, uuidOf } from '../../domain/ids';
import { DRAIN_PER_SECOND, dueAtMs, rateIntervalMs } from '../../domain/rate-line';
import type { Executor } from '../db/database';
import { allSpans } from '../db/spans';
import { byWindow } from '../db/windows';
import { REF_COLUMNS, toRef, type RefRow } from '../notifications/notification-refs';
import { readLine, type ReadLine } from './rate-line';

/**
 * Waking: notifications in a line sleep beyond their turn if it was planned by an earlier limit, or
 * if they asked before those in front of them.
 */

/**
 * Notes that a rate limit was changed, so that the settlement wakes those that wait for their turn.
 * Manual retries took turns of the future, by the interval of the old limit: those are undone.
 */
export async function markRateChanged(db: Executor, subscriptionId: string): Promise<void> {
  await db.query({
    text: `update rate_lines set wake_since = clock_timestamp(), version = version + 1,
             taken_at = case when taken_at > clock_timestamp() then clock_timestamp() else taken_at end where subscription_id = $1`,
    values: [decodeId('sub', subscriptionId)],
  });
}

/**
 * Has those woken that sleep behind others in a line.
 *
 * @returns whether a settlement has to be started, since no wake is going on
 */
export async function requestWake(db: Executor, subscriptionId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: 'update rate_lines set wake_since = clock_timestamp() where subscription_id = $1 and wake_since is null',
    values: [decodeId('sub', subscriptionId)],
  });
  return rowCount === 1;
}

/** A wake that is going on. */
export interface Wake {
  since: Date;
  ratePerSecond: number;
}

/** @returns undefined if nobody has to be woken */
export async function findWake(db: Executor, subscriptionId: string): Promise<Wake | undefined> {
  const { rows } = await db.query<{ since: Date; rate_limit_per_second: number | null }>({
    text: `select date_trunc('milliseconds', l.wake_since) as since, s.rate_limit_per_second
           from rate_lines l join subscriptions s on s.id = l.subscription_id where l.subscription_id = $1 and l.wake_since is not null and s.deleted_at is null`,
    values: [decodeId('sub', subscriptionId)],
  });
  const [row] = rows;
  return row && { since: row.since, ratePerSecond: row.rate_limit_per_second ?? DRAIN_PER_SECOND };
}

/** A notification in the line whose workflow sleeps beyond the time at which it is due. */
export interface Oversleeper extends NotificationRef {
  seq: number;
  /** By the limit of now. */
  dueInMs: number;
  /** When it was to ask by itself, in milliseconds since the epoch. It changes when it asks. */
  wakesAtMs: number;
}

type OversleeperRow = RefRow & { rate_seq: number; due_in_ms: number; wakes_at_ms: number };

/** SQL: when a number is due, in milliseconds since the epoch, with {@link dueValues}. */
const DUE_MS = `greatest($2::float8, $3::float8 + rate_seq * $4::float8)`;

/** The clock of Postgres, when number 0 is due by the limit of now, and the interval. */
function dueValues({ nowMs, ...line }: ReadLine, { ratePerSecond }: Wake): [number, number, number] {
  const intervalMs = rateIntervalMs(ratePerSecond);
  return [nowMs, dueAtMs(line, 0, intervalMs, nowMs), intervalMs];
}

/** A notification that wakes by itself at most this much later than it is due is not woken. */
const TOLERANCE_MS = 500;

/**
 * Lists those in a line that sleep beyond their turn, in order. One that has not asked yet does not
 * sleep. `reconcile_after` is half a minute after the workflow wakes, even where `next_attempt_at`
 * shows a later decision.
 */
export async function listOversleepers(
  db: Executor,
  subscriptionId: string,
  wake: Wake,
  limit: number,
): Promise<Oversleeper[]> {
  const due = dueValues(await readLine(db, subscriptionId), wake);
  const rows: OversleeperRow[] = [];
  for (const [from, to] of await allSpans(db, 'notifications')) {
    const found = await db.query<OversleeperRow>({
      text: `select lined_up.*, ${DUE_MS} - $2 as due_in_ms from (
               select ${REF_COLUMNS}, n.rate_seq, (extract(epoch from n.reconcile_after) * 1000)::float8 - ${OVERDUE_SECONDS * 1000} as wakes_at_ms
               from notifications n join subscription_states s on s.id = n.subscription_id
               where n.subscription_id = $1 and n.status in ('pending', 'retrying') and n.rate_seq is not null and n.next_attempt_at is not null
                 and n.id >= $6 and n.id < $7
             ) lined_up
             where wakes_at_ms > ${DUE_MS} + ${TOLERANCE_MS}
             order by rate_seq limit $5`,
      values: [decodeId('sub', subscriptionId), ...due, limit, from, to],
    });
    rows.push(...found.rows);
  }
  // An old notification may have joined the line late, after a retry.
  const inOrder = rows.sort((a, b) => a.rate_seq - b.rate_seq).slice(0, limit);
  return inOrder.map((row) => ({
    ...toRef(row),
    seq: row.rate_seq,
    dueInMs: row.due_in_ms,
    wakesAtMs: row.wakes_at_ms,
  }));
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

/** How many of a line show a new time immediately. The others do when they ask. */
const SHOWN = 200;

/** Shows when the first of a line are due by the limit of now, whenever they ask. */
export async function showDue(db: Executor, subscriptionId: string, wake: Wake): Promise<void> {
  const line = await readLine(db, subscriptionId);
  const due = dueValues(line, wake);
  for (const [from, to] of await allSpans(db, 'notifications'))
    await db.query({
      text: `update notifications set next_attempt_at = to_timestamp(${DUE_MS} / 1000)
             where subscription_id = $1 and status in ('pending', 'retrying') and rate_seq < $5 and next_attempt_at is not null
               and id >= '${from}' and id < '${to}'`,
      values: [decodeId('sub', subscriptionId), ...due, line.frontSeq + SHOWN],
    });
}

/** Ends a wake, unless the limit was changed again. */
export async function endWake(db: Executor, subscriptionId: string, { since }: Wake): Promise<void> {
  await db.query({
    text: `update rate_lines set wake_since = null where subscription_id = $1 and date_trunc('milliseconds', wake_since) = $2`,
    values: [decodeId('sub', subscriptionId), since],
  });
}
