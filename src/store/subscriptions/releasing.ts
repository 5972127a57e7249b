import {
  FAST_LANE_MAX_TIMEOUT_SECONDS,
  HEAD_START_WAIT_SECONDS,
  RECONCILE_AFTER_SECONDS,
  type Lane,
  type NotificationRef,
} from '../../domain/delivery';
import { decodeId, uuidOf } from '../../domain/ids';
import type { Executor } from '../db/database';
import { allSpans, collectOldestFirst } from '../db/spans';
import { byWindow } from '../db/windows';
import { LANE } from '../notifications/accept-statement';
import { NO_WORKFLOW } from '../notifications/claim-grace';
import { REF_COLUMNS, toRef, type RefRow } from '../notifications/notification-refs';
import { joinLines, NUMBERED } from './rate-line';

/** How far a release has come. */
export interface ReleaseProgress {
  /** The number of held notifications when it began. */
  backlog: number;
  /** How many have been released since, those included that were held meanwhile. */
  released: number;
}

/** A notification that was released. */
export interface ReleasedNotification extends NotificationRef {
  /**
   * Whether the process that released it has claimed its first attempt. It has no workflow then.
   */
  claimed: boolean;
  /** Whether it has no workflow, and waits in the line of a rate limit. */
  linedUp: boolean;
}

/** Condition: never attempted, and without a workflow. A release sets another `claimed_until`. */
const HAS_NO_WORKFLOW = `n.claimed_until is not distinct from ${NO_WORKFLOW} and n.attempt_count = 0 and n.opened_at = n.created_at`;

const RELEASE = `
with due as (
  select n.id, n.subscription_id, 'pending' as status, s.rate_limit_per_second, s.timeout_seconds,
    ${HAS_NO_WORKFLOW} and s.rate_limit_per_second is null and s.timeout_seconds <= ${FAST_LANE_MAX_TIMEOUT_SECONDS}
      and (s.slow_until is null or s.slow_until <= now()) as claimed,
    ${HAS_NO_WORKFLOW} and s.rate_limit_per_second is not null as lined_up
  from notifications n join subscription_states s on s.id = n.subscription_id
  where n.subscription_id = $1 and n.status = 'held' and s.status = 'enabled' and n.id >= $5 and n.id < $6
  order by n.id limit $2
),
lined_up as (
  ${joinLines('due')}
),
numbered as (
  ${NUMBERED('due')}
),
released as (
  update notifications n set status = 'pending', next_attempt_at = null, rate_seq = q.rate_seq,
    claimed_by = case when d.claimed then $3 end,
    claimed_until = now() + case when d.claimed then make_interval(secs => d.timeout_seconds + ${HEAD_START_WAIT_SECONDS}) else '0 s' end,
    reconcile_after = now() + make_interval(secs => case when d.claimed then d.timeout_seconds + ${HEAD_START_WAIT_SECONDS + RECONCILE_AFTER_SECONDS} else 30 end)
  from due d left join numbered q on q.id = d.id
  where n.id = d.id and n.id >= $5 and n.id < $6 and n.status = 'held'
  returning n.*, d.claimed, d.lined_up
),
noted as (
  insert into releases as r (subscription_id, backlog, released)
  select $1::uuid, $4::bigint, count(*) from released
  where exists (select from released)
  on conflict (subscription_id) do update set released = r.released + excluded.released, progressed_at = now()
)
select ${REF_COLUMNS}, n.claimed, n.lined_up from released n join subscription_states s on s.id = n.subscription_id order by n.id`;

/**
 * Releases the next held notifications of an enabled subscription, in order of acceptance. As in
 * the accept statement, this process claims the first attempts in the fast lane, and notifications
 * with a rate limit join the line.
 */
export async function releasePage(
  db: Executor,
  subscriptionId: string,
  processId: string,
  limit: number,
): Promise<ReleasedNotification[]> {
  const backlog = (await findRelease(db, subscriptionId)) ? 0 : await countHeld(db, subscriptionId);
  const rows = await collectOldestFirst(db, 'notifications', {}, limit, async (span, left) => {
    const { rows: released } = await db.query<RefRow & { claimed: boolean; lined_up: boolean }>({
      text: RELEASE,
      values: [decodeId('sub', subscriptionId), left, processId, backlog, ...span],
    });
    return released;
  });
  return rows.map((row) => ({ ...toRef(row), claimed: row.claimed, linedUp: row.lined_up }));
}

/**
 * Whether first attempts of a subscription go to the slow lane, and have no rate limit, whose line
 * keeps their order.
 */
export async function isSlowWithoutLine(db: Executor, subscriptionId: string): Promise<boolean> {
  const { rows } = await db.query<{ lane: Lane }>({
    text: `select ${LANE} as lane from subscription_states where id = $1 and rate_limit_per_second is null`,
    values: [decodeId('sub', subscriptionId)],
  });
  return rows[0]?.lane === 'slow';
}

/** Counts the held notifications of a subscription. */
export async function countHeld(db: Executor, subscriptionId: string): Promise<number> {
  let count = 0;
  for (const [from, to] of await allSpans(db, 'notifications')) {
    const { rows } = await db.query<{ count: number }>({
      text: `select count(*) from notifications where subscription_id = $1 and status = 'held' and id >= $2 and id < $3`,
      values: [decodeId('sub', subscriptionId), from, to],
    });
    count += rows[0]!.count;
  }
  return count;
}

/** Counts those that wait for their first attempt. */
export function countPending(db: Executor, notificationIds: readonly string[]): Promise<number> {
  return countAmong(db, notificationIds, `status = 'pending'`);
}

/** Counts those whose workflow has not begun the attempt that they were released for. */
export function countNotBegun(db: Executor, notificationIds: readonly string[]): Promise<number> {
  return countAmong(db, notificationIds, `status = 'pending' and (claimed_until is null or claimed_until <= now())`);
}

async function countAmong(db: Executor, notificationIds: readonly string[], condition: string): Promise<number> {
  let count = 0;
  for (const [window, uuids] of byWindow(notificationIds.map(uuidOf), (uuid) => uuid)) {
    const { rows } = await db.query<{ count: number }>({
      text: `select count(*) from notifications where id = any($1) and ${window.has('id')} and ${condition}`,
      values: [uuids],
    });
    count += rows[0]!.count;
  }
  return count;
}

/** @returns undefined if no release is running */
export async function findRelease(db: Executor, subscriptionId: string): Promise<ReleaseProgress | undefined> {
  const { rows } = await db.query<ReleaseProgress>({
    text: 'select backlog, released from releases where subscription_id = $1',
    values: [decodeId('sub', subscriptionId)],
  });
  return rows[0];
}

export async function endRelease(db: Executor, subscriptionId: string): Promise<void> {
  await db.query({
    text: 'delete from releases where subscription_id = $1',
    values: [decodeId('sub', subscriptionId)],
  });
}
