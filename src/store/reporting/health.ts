import { decodeId, encodeId, uuidFloor } from '../../domain/ids';
import type { AttemptErrorClass } from '../../domain/types';
import type { Executor } from '../db/database';
import { byWindow } from '../db/windows';

const HOUR_MS = 3_600_000;
const HEALTH_HOURS = 24;
/** Maximum age of a notification at its last attempt: a ladder takes at most a day. */
const LONGEST_LADDER_MS = 25 * HOUR_MS;

/** The attempts of a subscription in the last day, by hour, and the result of its last attempt. */
export interface Health {
  buckets: { at: Date; successes: number; failures: number }[];
  lastAttempt: {
    at: Date;
    responseStatus: number | null;
    errorClass: AttemptErrorClass | null;
    attemptId: string;
  } | null;
}

/** The buckets of each time window of the charts. */
export const SERIES_WINDOWS = {
  hour: { buckets: 60, bucketSeconds: 60 },
  day: { buckets: 96, bucketSeconds: 900 },
  week: { buckets: 84, bucketSeconds: 7200 },
} as const;
export type SeriesWindow = keyof typeof SERIES_WINDOWS;

export interface SeriesBucket {
  at: Date;
  successes: number;
  failures: number;
  /** Percentiles of the durations of attempts, in milliseconds; null if there were no attempts. */
  p50Ms: number | null;
  p95Ms: number | null;
}

/**
 * The attempts of subscriptions, found by the index of their notifications. $1 are the
 * subscriptions, $2 is the lowest id of notifications, $3 the lowest id of attempts, $5 an id after
 * the highest ones.
 */
const ATTEMPTS = `notifications n join attempts a on a.notification_id = n.id
  where n.subscription_id = any($1::uuid[]) and n.id >= $2 and n.id < $5 and a.id >= $3 and a.id < $5`;
/** How far the clocks of machines that generate ids may be apart. */
const CLOCK_SKEW_MS = HOUR_MS;

/**
 * @returns the health of each subscription, in the given order; the cost grows with their attempts
 *   of the last day
 */
export async function readHealth(db: Executor, subscriptionIds: readonly string[], now: Date): Promise<Health[]> {
  const uuids = subscriptionIds.map((id) => decodeId('sub', id)!);
  const startMs = (Math.floor(now.getTime() / HOUR_MS) - HEALTH_HOURS + 1) * HOUR_MS;
  const { rows: counts } = await db.query<{ id: string; bucket: number; successes: number; failures: number }>({
    text: `select n.subscription_id as id, floor((extract(epoch from a.finished_at) - $4) / 3600)::int as bucket,
             (count(*) - count(a.error_class))::int as successes, count(a.error_class)::int as failures
           from ${ATTEMPTS} and a.finished_at >= to_timestamp($4) group by 1, 2`,
    values: [
      uuids,
      uuidFloor(startMs - LONGEST_LADDER_MS),
      uuidFloor(startMs - HOUR_MS),
      startMs / 1000,
      uuidFloor(now.getTime() + CLOCK_SKEW_MS),
    ],
  });
  const last = await readLastAttempts(db, uuids);
  return uuids.map((uuid) => {
    const buckets = emptyBuckets(startMs, HEALTH_HOURS, 3600).map((at) => ({ at, successes: 0, failures: 0 }));
    for (const { id, bucket, successes, failures } of counts) {
      if (id === uuid && buckets[bucket]) Object.assign(buckets[bucket], { successes, failures });
    }
    const found = last.find((attempt) => attempt.subscription_id === uuid);
    return {
      buckets,
      lastAttempt: found
        ? {
            at: found.at,
            responseStatus: found.response_status,
            errorClass: found.error_class,
            attemptId: encodeId('att', found.attempt_id),
          }
        : null,
    };
  });
}

interface LastAttemptRow {
  subscription_id: string;
  attempt_id: string;
  at: Date;
  response_status: number | null;
  error_class: AttemptErrorClass | null;
}

/** Reads the last attempt of each subscription, whenever that was. */
async function readLastAttempts(db: Executor, uuids: readonly string[]): Promise<LastAttemptRow[]> {
  const { rows } = await db.query<{ attempt_id: string | null }>({
    text: `select case when last_failure_at is null or last_success_at >= last_failure_at then last_success_attempt_id else last_failure_attempt_id end as attempt_id
           from subscription_attempt_statistics where subscription_id = any($1::uuid[])`,
    values: [uuids],
  });
  const ids = rows.flatMap(({ attempt_id: id }) => id ?? []);
  const last: LastAttemptRow[] = [];
  for (const [window, group] of byWindow(ids, (id) => id)) {
    const found = await db.query<LastAttemptRow>({
      text: `select subscription_id, id as attempt_id, finished_at as at, response_status, error_class
             from attempts where id = any($1::uuid[]) and ${window.has('id')}`,
      values: [group],
    });
    last.push(...found.rows);
  }
  return last;
}

/** Reads the attempts of one subscription over time. */
export async function readSeries(
  db: Executor,
  subscriptionId: string,
  window: SeriesWindow,
  now: Date,
): Promise<SeriesBucket[]> {
  const { buckets: count, bucketSeconds } = SERIES_WINDOWS[window];
  const startMs = (Math.floor(now.getTime() / 1000 / bucketSeconds) - count + 1) * bucketSeconds * 1000;
  const { rows } = await db.query<Omit<SeriesBucket, 'at'> & { bucket: number }>({
    text: `select floor((extract(epoch from a.finished_at) - $4) / $6)::int as bucket,
             (count(*) - count(a.error_class))::int as successes, count(a.error_class)::int as failures,
             percentile_cont(0.5) within group (order by a.duration_ms) as "p50Ms",
             percentile_cont(0.95) within group (order by a.duration_ms) as "p95Ms"
           from ${ATTEMPTS} and a.finished_at >= to_timestamp($4) group by 1`,
    values: [
      [decodeId('sub', subscriptionId)],
      uuidFloor(startMs - LONGEST_LADDER_MS),
      uuidFloor(startMs - HOUR_MS),
      startMs / 1000,
      uuidFloor(now.getTime() + CLOCK_SKEW_MS),
      bucketSeconds,
    ],
  });
  const found = new Map(rows.map(({ bucket, ...figures }) => [bucket, figures]));
  return emptyBuckets(startMs, count, bucketSeconds).map((at, index) => ({
    at,
    ...(found.get(index) ?? { successes: 0, failures: 0, p50Ms: null, p95Ms: null }),
  }));
}

function emptyBuckets(startMs: number, count: number, bucketSeconds: number): Date[] {
  return Array.from({ length: count }, (_, index) => new Date(startMs + index * bucketSeconds * 1000));
}
