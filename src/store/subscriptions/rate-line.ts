import { OVERDUE_SECONDS } from '../../domain/delivery';
import { decodeId, uuidOf } from '../../domain/ids';
import {
  DRAIN_PER_SECOND,
  FRONT_PATIENCE_MS,
  MAX_RATE_PER_SECOND,
  MIN_RATE_PER_SECOND,
  type RateLine,
} from '../../domain/rate-line';
import type { Executor } from '../db/database';
import { byWindow, inWindow, windowBefore, windowOf, type Window } from '../db/windows';
import type { Claim } from '../notifications/claim-grace';

/** SQL of the time between two attempts, as `rateIntervalMs` calculates it. */
const interval = (rate: string) =>
  `make_interval(secs => 1 / least(greatest(${rate}, ${MIN_RATE_PER_SECOND}), ${MAX_RATE_PER_SECOND}))`;

/**
 * Has the pending notifications of `from` with a rate limit join the lines of their subscriptions.
 * An idle line begins again with the first of them, as in `takeTurn`. Lines are locked in order of
 * their ids.
 *
 * @param from - a CTE with `subscription_id`, `status` and `rate_limit_per_second`
 * @returns SQL of `subscription_id` and `end_seq`, the number after the last new one
 */
export function joinLines(from: string): string {
  const gap = interval('(select s.rate_limit_per_second from subscriptions s where s.id = l.subscription_id)');
  const patience = `case when l.front_seq = l.next_seq then interval '0' else interval '${FRONT_PATIENCE_MS} milliseconds' end`;
  const isIdle = `l.front_at + (l.next_seq - l.front_seq) * ${gap} + ${patience} < now() and coalesce(l.taken_at + ${gap} <= now(), true)`;
  return `insert into rate_lines as l (subscription_id, next_seq)
  select subscription_id, count(*) from ${from} where status = 'pending' and rate_limit_per_second is not null
  group by subscription_id order by subscription_id
  on conflict (subscription_id) do update set next_seq = l.next_seq + excluded.next_seq, version = l.version + 1,
    front_seq = case when ${isIdle} then l.next_seq else l.front_seq end,
    front_at = case when ${isIdle} then now() else l.front_at end
  returning subscription_id, next_seq as end_seq`;
}

/**
 * SQL of the numbers that the rows of `from` got by {@link joinLines}, which is the CTE `lined_up`.
 */
export const NUMBERED = (from: string): string =>
  `select m.id, l.end_seq - row_number() over (partition by l.subscription_id order by m.id desc) as rate_seq
  from lined_up l join ${from} m on m.subscription_id = l.subscription_id`;

/** A line as it was read, with the clock of Postgres at that time. */
export interface ReadLine extends RateLine {
  version: number;
  nowMs: number;
}

/** A row of {@link LINE_COLUMNS}. */
export interface LineRow {
  next_seq: number;
  front_seq: number;
  front_at_ms: number;
  taken_at_ms: number | null;
  version: number;
  now_ms: number;
}

/** Columns of `rate_lines`, and the clock of Postgres. */
export const LINE_COLUMNS = `next_seq, front_seq, version, (extract(epoch from front_at) * 1000)::float8 as front_at_ms,
  (extract(epoch from taken_at) * 1000)::float8 as taken_at_ms, (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms`;

export function toLine(row: LineRow): ReadLine {
  return {
    nextSeq: row.next_seq,
    frontSeq: row.front_seq,
    frontAtMs: row.front_at_ms,
    takenAtMs: row.taken_at_ms,
    version: row.version,
    nowMs: row.now_ms,
  };
}

/** Reads the line of a subscription, and creates it first if there is none. */
export async function readLine(db: Executor, subscriptionId: string): Promise<ReadLine> {
  for (;;) {
    const { rows } = await db.query<LineRow>({
      name: 'read-rate-line',
      text: `select ${LINE_COLUMNS} from rate_lines where subscription_id = $1`,
      values: [decodeId('sub', subscriptionId)],
    });
    const [row] = rows;
    if (row) return toLine(row);
    await db.query({
      text: 'insert into rate_lines (subscription_id) values ($1) on conflict do nothing',
      values: [decodeId('sub', subscriptionId)],
    });
  }
}

/**
 * Finds the place of a notification that waits in a line for its first attempt.
 *
 * @returns undefined if it does not
 */
export async function findPlace(
  db: Executor,
  notificationId: string,
): Promise<{ seq: number; ratePerSecond: number } | undefined> {
  const { rows } = await db.query<{ rate_seq: number; rate_limit_per_second: number | null }>({
    ...inWindow(
      'find-place',
      uuidOf(notificationId),
      (
        has,
      ) => `select n.rate_seq, s.rate_limit_per_second from notifications n join subscriptions s on s.id = n.subscription_id
           where n.id = $1 and ${has('n.id')} and n.status = 'pending' and n.attempt_count = 0 and n.rate_seq is not null`,
    ),
    values: [uuidOf(notificationId)],
  });
  const [row] = rows;
  return row && { seq: row.rate_seq, ratePerSecond: row.rate_limit_per_second ?? DRAIN_PER_SECOND };
}

/**
 * Shows when the workflow of a notification in a line, which is about to be started, asks for its
 * turn.
 *
 * @returns whether it still has this number
 */
export async function showFirstTurn(
  db: Executor,
  notificationId: string,
  seq: number,
  dueMs: number,
): Promise<boolean> {
  const { rowCount } = await db.query({
    ...inWindow(
      'show-first-turn',
      uuidOf(notificationId),
      (has) => `update notifications set next_attempt_at = to_timestamp($3::float8 / 1000),
             reconcile_after = to_timestamp($3::float8 / 1000) + interval '${OVERDUE_SECONDS} seconds'
           where id = $1 and ${has('id')} and status = 'pending' and attempt_count = 0 and rate_seq = $2`,
    ),
    values: [uuidOf(notificationId), seq, dueMs],
  });
  return rowCount === 1;
}

/** More numbers than a group asks for: one of them is then of a notification that does not ask. */
const MAX_WAITING = 250;

/**
 * Lists the first numbers in a line, in order.
 *
 * @param from - leaves out lower numbers
 * @param askingIds - notifications that ask for a turn; leaves out those that were accepted after
 *   them, or weeks before
 */
export async function listWaiting(
  db: Executor,
  subscriptionId: string,
  from: number,
  askingIds: readonly string[],
): Promise<number[]> {
  const weeks = weeksUpTo(askingIds);
  const { rows } = await db.query<{ rate_seq: number }>({
    name: `list-waiting-${namesOf(weeks)}`,
    text: `select n.rate_seq from notifications n
           where n.subscription_id = $1 and n.status in ('pending', 'retrying') and n.rate_seq >= $2 and (${inAnyOf(weeks)})
           order by n.rate_seq limit ${MAX_WAITING}`,
    values: [decodeId('sub', subscriptionId), from],
  });
  return rows.map(({ rate_seq }) => rate_seq);
}

/**
 * Finds the lowest number that waits in a line. Those before it were cancelled or held.
 *
 * @param from - the front of the line
 * @param askingIds - as for {@link listWaiting}
 * @returns undefined if nobody waits
 */
export async function findFirstWaiting(
  db: Executor,
  subscriptionId: string,
  from: number,
  askingIds: readonly string[],
): Promise<number | undefined> {
  const weeks = weeksUpTo(askingIds);
  const waiting = `from notifications n
           where n.subscription_id = $1 and n.status in ('pending', 'retrying') and (${inAnyOf(weeks)})`;
  const { rows } = await db.query<{ first: number | null }>({
    name: `find-first-waiting-${namesOf(weeks)}`,
    // Nearly always, the front waits, and is the oldest that is open.
    text: `select case when exists (select ${waiting} and n.rate_seq = $2) then $2::bigint
             else (select min(n.rate_seq) ${waiting} and n.rate_seq > $2) end as first`,
    values: [decodeId('sub', subscriptionId), from],
  });
  return rows[0]!.first ?? undefined;
}

/** The line with its front moved on to the first number that waits. Nothing is written. */
export async function withoutGivenUp(
  db: Executor,
  subscriptionId: string,
  line: RateLine,
  askingIds: readonly string[],
): Promise<RateLine> {
  const first = await findFirstWaiting(db, subscriptionId, line.frontSeq, askingIds);
  return { ...line, frontSeq: first ?? line.nextSeq };
}

/** The week of the latest notification, and the one before it. */
function weeksUpTo(ids: readonly string[]): Window[] {
  const last = uuidOf(ids.reduce((max, id) => (id > max ? id : max)));
  return [windowBefore(last), windowOf(last)];
}

const namesOf = (weeks: readonly Window[]) => weeks.map(({ name }) => name).join('-');

/** SQL: a notification `n` is of one of the weeks. */
const inAnyOf = (weeks: readonly Window[]) => weeks.map(({ has }) => `(${has('n.id')})`).join(' or ') || 'false';

/** What a notification gets to know of its turn. */
export interface TurnToWrite {
  notificationId: string;
  seq: number;
  granted: boolean;
  atMs: number;
  /** When the reconciler checks on a granted attempt. */
  reconcileAfterSeconds: number;
  /** The claim of a granted attempt. */
  claim?: Claim;
}

/**
 * Writes a line and the turns of its notifications, unless somebody else changed the line since it
 * was read. A granted notification leaves the line and is `delivering`; the others show when they
 * are due.
 *
 * @returns whether it was written; if not, the turns have to be decided again
 */
export async function writeTurns(
  db: Executor,
  subscriptionId: string,
  version: number,
  line: RateLine,
  turns: readonly TurnToWrite[],
): Promise<boolean> {
  const uuids = turns.map(({ notificationId }) => uuidOf(notificationId));
  const weeks = [...byWindow(uuids, (uuid) => uuid).keys()];
  const { rows } = await db.query<{ written: number }>({
    name: `write-rate-turns-${namesOf(weeks)}`,
    text: `with line as (
             update rate_lines set next_seq = $3, front_seq = $4, front_at = to_timestamp($5::float8 / 1000), taken_at = to_timestamp($6::float8 / 1000),
               version = version + 1
             where subscription_id = $1 and version = $2
             returning subscription_id
           ),
           turns as (
             select t.id, t.seq, t.granted, to_timestamp(t.at_ms / 1000) as due_at, t.reconcile_after_seconds, t.claimed_by, t.claim_seconds
             from unnest($7::uuid[], $8::bigint[], $9::boolean[], $10::float8[], $11::float8[], $12::text[], $13::float8[])
               as t (id, seq, granted, at_ms, reconcile_after_seconds, claimed_by, claim_seconds)
             where exists (select from line)
           ),
           noted as (
             update notifications n set
               rate_seq = case when t.granted then null else t.seq end,
               status = case when t.granted then 'delivering' when n.status = 'delivering' then 'pending' else n.status end,
               next_attempt_at = case when t.granted then null else t.due_at end,
               finished_at = null,
               retry_asked = n.retry_asked and not t.granted,
               claimed_by = case when t.granted then t.claimed_by else n.claimed_by end,
               claimed_until = case when t.granted then greatest(now(), t.due_at) + make_interval(secs => t.claim_seconds) else n.claimed_until end,
               reconcile_after = case when t.granted then now() + make_interval(secs => t.reconcile_after_seconds)
                 else t.due_at + interval '${OVERDUE_SECONDS} seconds' end
             from turns t
             where n.id = t.id and n.id = any($7) and (${inAnyOf(weeks)})
               and n.status not in ('delivered', 'cancelled') and (t.granted or n.status <> 'held')
           )
           select count(*) as written from line`,
    values: [
      decodeId('sub', subscriptionId),
      version,
      line.nextSeq,
      line.frontSeq,
      line.frontAtMs,
      line.takenAtMs,
      uuids,
      turns.map(({ seq }) => seq),
      turns.map(({ granted }) => granted),
      turns.map(({ atMs }) => atMs),
      turns.map(({ reconcileAfterSeconds }) => reconcileAfterSeconds),
      turns.map(({ claim }) => claim?.processId ?? null),
      turns.map(({ claim }) => claim?.seconds ?? 0),
    ],
  });
  return rows[0]!.written > 0;
}
