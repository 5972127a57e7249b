import { uuidFloor } from '../../domain/ids';
import type { Database, Executor } from '../db/database';
import { bucketOf, durationOf } from './duration-buckets';

const HOUR_MS = 3_600_000;
/** Hours of the figures, the current one included. */
const STATISTICS_HOURS = 24;
/** Attempts of one statement, after the sweep did not run for a time. */
const STEP_MS = 600_000;
/**
 * Attempts are read when they are this old. One that is recorded later, or by a machine whose clock
 * is further behind, is missing from the figures.
 */
const SETTLED_AFTER_MS = 10_000;

const hourOf = (timeMs: number) => Math.floor(timeMs / HOUR_MS);

/** The first hour of the figures. */
export const firstHourAt = (nowMs: number) => hourOf(nowMs) - STATISTICS_HOURS + 1;

/**
 * Adds the attempts recorded since the last call to the histograms of their subscriptions, and
 * refreshes the figures of the last day. Each attempt is read once, by the range of its id, so the
 * cost is that of the traffic. Only one process does it at a time.
 */
export async function summariseResponseTimes(db: Database, nowMs: number): Promise<void> {
  while (await db.transaction((executor) => summariseStep(executor, nowMs)));
}

/** @returns whether there is more to read */
async function summariseStep(db: Executor, nowMs: number): Promise<boolean> {
  const { rows } = await db.query<{ read_until: Date | null; hour: number }>({
    text: 'select read_until, hour from response_times_progress for update skip locked',
  });
  const [progress] = rows;
  if (!progress) return false;
  const end = nowMs - SETTLED_AFTER_MS;
  const start = Math.max(progress.read_until?.getTime() ?? 0, firstHourAt(nowMs) * HOUR_MS);
  const until = Math.min(end, start + STEP_MS);
  if (until <= start) return false;
  const touched = await addAttempts(db, start, until);
  const isNewHour = progress.hour !== hourOf(nowMs);
  if (isNewHour) await forgetBefore(db, firstHourAt(nowMs));
  if (isNewHour || touched.length > 0) await refreshFigures(db, isNewHour ? null : touched);
  await db.query({
    text: 'update response_times_progress set read_until = to_timestamp($1), hour = $2',
    values: [until / 1000, hourOf(nowMs)],
  });
  return until < end;
}

/** @returns the UUIDs of the subscriptions with new attempts */
async function addAttempts(db: Executor, fromMs: number, toMs: number): Promise<string[]> {
  // The bounds are literals, so that Postgres locks no other partitions.
  const { rows } = await db.query<{ id: string }>({
    text: `with added as (
             insert into response_times as t (subscription_id, hour, response_class, bucket, attempts, successes)
             select a.subscription_id, floor(extract(epoch from a.finished_at) / 3600)::int, coalesce(a.response_status / 100, 0), ${bucketOf('a.duration_ms')},
               count(*), count(*) - count(a.error_class)
             from attempts a join subscriptions s on s.id = a.subscription_id and s.deleted_at is null
             where a.id >= '${uuidFloor(fromMs)}' and a.id < '${uuidFloor(toMs)}'
             group by 1, 2, 3, 4 order by 1, 2, 3, 4
             on conflict (subscription_id, hour, response_class, bucket)
             do update set attempts = t.attempts + excluded.attempts, successes = t.successes + excluded.successes
             returning subscription_id
           )
           select distinct subscription_id as id from added`,
  });
  return rows.map(({ id }) => id);
}

async function forgetBefore(db: Executor, hour: number): Promise<void> {
  await db.query({ text: 'delete from response_times where hour < $1', values: [hour] });
  await db.query({
    text: `delete from subscription_day_statistics d
           where not exists (select from response_times t where t.subscription_id = d.subscription_id)`,
  });
}

/**
 * Deleted subscriptions get no figures: an erasure may remove the rows of one at the same time.
 *
 * @param uuids - of subscriptions; null for all
 */
async function refreshFigures(db: Executor, uuids: string[] | null): Promise<void> {
  const percentile = (share: number) => durationOf(`min(bucket) filter (where up_to >= ${share} * total)`);
  await db.query({
    text: `insert into subscription_day_statistics (subscription_id, attempts, successes, p50_ms, p95_ms, p99_ms)
           select subscription_id, sum(attempts), sum(successes), ${percentile(0.5)}, ${percentile(0.95)}, ${percentile(0.99)}
           from (
             select b.*, sum(attempts) over (partition by subscription_id order by bucket) as up_to, sum(attempts) over (partition by subscription_id) as total
             from (
               select subscription_id, bucket, sum(attempts) as attempts, sum(successes) as successes
               from response_times t join subscriptions s on s.id = t.subscription_id and s.deleted_at is null
               where $1::uuid[] is null or subscription_id = any ($1) group by 1, 2
             ) b
           ) c
           group by subscription_id order by subscription_id
           on conflict (subscription_id) do update set attempts = excluded.attempts, successes = excluded.successes,
             p50_ms = excluded.p50_ms, p95_ms = excluded.p95_ms, p99_ms = excluded.p99_ms`,
    values: [uuids],
  });
}
