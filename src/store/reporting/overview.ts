import { encodeId, uuidFloor } from '../../domain/ids';
import type { Scope, SubscriptionStatus } from '../../domain/types';
import type { Database, Executor } from '../db/database';
import { DAY_MS } from '../db/partition-catalog';
import { allSpans, withoutLocks } from '../db/spans';
import { IN_SCOPE } from '../subscriptions/subscriptions';

/** The time windows. Each ends now; its buckets begin at multiples of their length. */
export const OVERVIEW_WINDOWS = {
  hour: { buckets: 60, bucketSeconds: 60 },
  day: { buckets: 96, bucketSeconds: 900 },
} as const;
export type OverviewWindow = keyof typeof OVERVIEW_WINDOWS;

/** Maximum time from generating the id of an attempt to its end: attempts take up to 10 minutes. */
const LONGEST_ATTEMPT_MS = 900_000;
/** How far the clocks of machines that generate ids may be apart. */
const CLOCK_SKEW_MS = 3_600_000;
/** Maximum time from the acceptance of a notification to its failure, manual retries aside. */
const FAILS_WITHIN_MS = 2 * DAY_MS;
const WORST = 10;
const STATEMENT_TIMEOUT_MS = 5000;

/** A subscription in a ranking. */
interface Ranked {
  subscriptionId: string;
  name: string;
  customerId: string;
  url: string;
  status: SubscriptionStatus;
  attempts: number;
}

/** Recent deliveries, and what needs attention. */
export interface Overview {
  window: OverviewWindow;
  bucketSeconds: number;
  /**
   * `retrying`: failed attempts that are followed by another. `delivered`, `failed`: notifications
   * that ended that way.
   */
  buckets: { at: Date; accepted: number; delivered: number; retrying: number; failed: number }[];
  /** Notifications that failed within the window and have not been retried since. */
  failed: number;
  attempts: number;
  /** Share of successful attempts, from 0 to 1; null if there were no attempts. */
  successRate: number | null;
  backlog: { pending: number; delivering: number; retrying: number; held: number };
  /** Subscriptions with the most failures, worst first. */
  worst: (Ranked & { failures: number; lastError: string | null })[];
  /** Subscriptions with the longest response times over the last day, slowest first. */
  slowest: (Ranked & { p50Ms: number; p95Ms: number })[];
  attention: {
    outOfOrder: number;
    awaitingApproval: number;
    unverified: number;
    failedLastDay: number;
    urlRequests: number;
  };
}

/**
 * Reads the overview. It scans only the part of the tables in the window, by the time in the ids,
 * and the index of open notifications.
 *
 * @throws an error with code 57014 if a statement takes longer than 5 seconds
 */
export async function readOverview(db: Database, scope: Scope, window: OverviewWindow, now: Date): Promise<Overview> {
  const { buckets: count, bucketSeconds } = OVERVIEW_WINDOWS[window];
  const lengthMs = bucketSeconds * 1000;
  const startMs = (Math.floor(now.getTime() / lengthMs) - count + 1) * lengthMs;
  const span: Window = {
    scope: [scope.productIds ?? null, scope.customerId ?? null],
    startMs,
    bucketSeconds,
    ids: [uuidFloor(startMs - LONGEST_ATTEMPT_MS), uuidFloor(now.getTime() + CLOCK_SKEW_MS)],
  };
  return db.transaction(async (executor) => {
    await executor.query({ text: `set local statement_timeout = ${STATEMENT_TIMEOUT_MS}` });
    const buckets = Array.from({ length: count }, (_, index) => ({
      at: new Date(startMs + index * lengthMs),
      accepted: 0,
      delivered: 0,
      retrying: 0,
      failed: 0,
    }));
    for (const { bucket, accepted } of await readAccepted(executor, span)) {
      if (buckets[bucket]) buckets[bucket].accepted = accepted;
    }
    const totals = { attempts: 0, successes: 0 };
    for (const { bucket, attempts, successes, ...ended } of await readAttempts(executor, span)) {
      if (!buckets[bucket]) continue;
      Object.assign(buckets[bucket], ended);
      totals.attempts += attempts;
      totals.successes += successes;
    }
    return {
      window,
      bucketSeconds,
      buckets,
      attempts: totals.attempts,
      successRate: totals.attempts > 0 ? totals.successes / totals.attempts : null,
      backlog: await readBacklog(executor, span),
      worst: await readWorst(executor, span),
      slowest: await readSlowest(executor, span),
      ...(await readAttention(executor, span, now)),
    };
  });
}

interface Window {
  /** $1 and $2 of every statement here: products and customer. */
  scope: [productIds: readonly string[] | null, customerId: string | null];
  startMs: number;
  bucketSeconds: number;
  /** The lowest id of the window, and an id after the highest one: excludes partitions ahead. */
  ids: [from: string, to: string];
}

const NOTIFICATION_IN_SCOPE =
  '($1::text[] is null or n.product_id = any ($1)) and ($2::text is null or n.customer_id = $2)';

async function readAccepted(db: Executor, { scope, startMs, bucketSeconds, ids }: Window) {
  const { rows } = await db.query<{ bucket: number; accepted: number }>({
    text: `select floor((extract(epoch from n.created_at) - $3) / $4)::int as bucket, count(*)::int as accepted
           from notifications n where n.id >= $5 and n.id < $6 and n.created_at >= to_timestamp($3) and ${NOTIFICATION_IN_SCOPE}
           group by 1`,
    values: [...scope, startMs / 1000, bucketSeconds, ...ids],
  });
  return rows;
}

/** Each attempt stores the status that its notification got. */
async function readAttempts(db: Executor, { scope, startMs, bucketSeconds, ids }: Window) {
  const { rows } = await db.query<{
    bucket: number;
    attempts: number;
    successes: number;
    delivered: number;
    retrying: number;
    failed: number;
  }>({
    text: `select floor((extract(epoch from a.finished_at) - $3) / $4)::int as bucket, count(*)::int as attempts,
             count(*) filter (where a.error_class is null)::int as successes,
             count(*) filter (where a.notification_status = 'delivered')::int as delivered,
             count(*) filter (where a.notification_status = 'retrying')::int as retrying,
             count(*) filter (where a.notification_status = 'failed')::int as failed
           from ${ATTEMPTS} group by 1`,
    values: [...scope, startMs / 1000, bucketSeconds, ...ids],
  });
  return rows;
}

/**
 * $3 is the start in seconds, $5 the lowest id, $6 an id after the highest one. The notifications
 * of the attempts may be of any age, so a scope is recognised without them. An attempt that the
 * version before the column `product_id` recorded counts for the product of its subscription.
 */
const ATTEMPTS = `attempts a where a.id >= $5 and a.id < $6 and a.finished_at >= to_timestamp($3)
  and ($1::text[] is null or a.product_id = any ($1) or (a.product_id is null and a.subscription_id in (
    select s.id from subscriptions s join customers c on c.id = s.customer_id where coalesce(s.product_id, c.product_id) = any ($1))))
  and ($2::text is null or a.subscription_id in (select id from subscriptions where customer_id = $2))`;

async function readBacklog(db: Executor, { scope }: Window): Promise<Overview['backlog']> {
  const backlog = { pending: 0, delivering: 0, retrying: 0, held: 0 };
  const sought = { open: true, productIds: scope[0] ?? undefined };
  for (const [from, to] of await allSpans(db, 'notifications', { sought })) {
    const { rows } = await withoutLocks(db, () =>
      db.query<{ status: keyof Overview['backlog']; count: number }>({
        text: `select n.status, count(*)::int as count from notifications n
               where n.status in ('pending', 'delivering', 'retrying', 'held') and n.id >= $3 and n.id < $4 and ${NOTIFICATION_IN_SCOPE} group by 1`,
        values: [...scope, from, to],
      }),
    );
    for (const { status, count } of rows) backlog[status] += count;
  }
  return backlog;
}

/** The columns of `subscription_states s` in a ranking. */
const RANKED = 's.id as "subscriptionId", s.name, s.customer_id as "customerId", s.url, s.status';

const toRanked = <Row extends Ranked>(row: Row): Row => ({
  ...row,
  subscriptionId: encodeId('sub', row.subscriptionId),
});

async function readWorst(db: Executor, { scope, startMs, bucketSeconds, ids }: Window): Promise<Overview['worst']> {
  const { rows } = await db.query<Overview['worst'][number]>({
    text: `select ${RANKED}, f.attempts, f.failures, f.last_error as "lastError"
           from (
             select a.subscription_id, count(*)::int as attempts, count(a.error_class)::int as failures,
               (array_agg(a.error_message order by a.finished_at desc) filter (where a.error_class is not null))[1] as last_error
             from ${ATTEMPTS} and $4::int > 0
             group by a.subscription_id having count(a.error_class) > 0
             order by failures desc, a.subscription_id limit ${WORST}
           ) f join subscription_states s on s.id = f.subscription_id
           order by f.failures desc, s.id`,
    values: [...scope, startMs / 1000, bucketSeconds, ...ids],
  });
  return rows.map(toRanked);
}

/** By the response times of the last day, whatever the window. */
async function readSlowest(db: Executor, { scope }: Window): Promise<Overview['slowest']> {
  const { rows } = await db.query<Overview['slowest'][number]>({
    text: `select ${RANKED}, d.attempts, d.p50_ms as "p50Ms", d.p95_ms as "p95Ms"
           from subscription_day_statistics d join subscription_states s on s.id = d.subscription_id
           where ${IN_SCOPE} order by d.p95_ms desc, s.id limit ${WORST}`,
    values: scope,
  });
  return rows.map(toRanked);
}

async function readAttention(
  db: Executor,
  { scope, startMs }: Window,
  now: Date,
): Promise<Pick<Overview, 'attention' | 'failed'>> {
  const since = new Date(now.getTime() - DAY_MS);
  const { rows } = await db.query<Overview['attention'] & { failed: number }>({
    text: `select
             count(*) filter (where s.status = 'out-of-order')::int as "outOfOrder",
             count(*) filter (where s.status = 'awaiting-approval')::int as "awaitingApproval",
             count(*) filter (where s.status = 'unverified')::int as unverified,
             max(f.last_day)::int as "failedLastDay", max(f.in_window)::int as failed,
             (select count(*)::int from url_allowlist u
               where u.status = 'requested' and ($1::text[] is null or u.product_id = any ($1)) and $2::text is null) as "urlRequests"
           from (
             select count(*) filter (where n.finished_at >= $3) as last_day, count(*) filter (where n.finished_at >= $6) as in_window
             from notifications n
             where n.status = 'failed' and n.id >= $4 and n.id < $5 and n.finished_at >= least($3, $6) and ${NOTIFICATION_IN_SCOPE}
           ) f left join subscription_states s on s.enabled and (s.out_of_order_at is not null or not s.url_approved or s.verification_status <> 'verified') and ${IN_SCOPE}`,
    values: [
      ...scope,
      since,
      uuidFloor(since.getTime() - FAILS_WITHIN_MS),
      uuidFloor(now.getTime() + CLOCK_SKEW_MS),
      new Date(startMs),
    ],
  });
  const { failed, ...attention } = rows[0]!;
  return { failed, attention };
}
