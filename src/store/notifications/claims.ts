import {
  CUT_OFF_PREFIX,
  FAST_LANE_MAX_TIMEOUT_SECONDS,
  HEAD_START_PREFIX,
  HEAD_START_WAIT_SECONDS,
  OVERDUE_SECONDS,
  RECONCILE_AFTER_SECONDS,
  type NotificationRef,
} from '../../domain/delivery';
import { encodeId, uuidOf } from '../../domain/ids';
import type { Database, Executor } from '../db/database';
import { allSpans } from '../db/spans';
import { byWindow, inWindow } from '../db/windows';
import { hostOf } from './accept-statement';
import { claimGraceSeconds, claimIsLive, type Claim } from './claim-grace';
import { REF_COLUMNS, toRef, type RefRow } from './notification-refs';

/**
 * Ends all claims. Call it only when no process that made them can be running: then the first
 * attempts need not wait for the claims to lapse. Recorded failures that no workflow took over
 * become overdue immediately, too.
 */
export async function endClaims(db: Executor): Promise<void> {
  for (const [from, to] of await allSpans(db, 'notifications'))
    await db.query({
      text: `update notifications set claimed_until = null, reconcile_after = case when status = 'delivering' then reconcile_after else now() end
             where id >= $1 and id < $2 and reconcile_after is not null and claimed_until > now()
               and (status in ('pending', 'delivering') or last_attempt_key like '${HEAD_START_PREFIX}%')`,
      values: [from, to],
    });
}

/** Condition: the notification was accepted, never reopened, and has no attempt yet. */
export const UNATTEMPTED = `n.status = 'pending' and n.attempt_count = 0 and n.opened_at = n.created_at`;

/** What a head start needs to know about a notification. */
export interface ClaimedNotification extends NotificationRef {
  /** Host and port of the subscription's URL. */
  host: string;
}

/** Assignments: a head start of the process `$2` has until then for its attempt. */
const CLAIM = `claimed_by = $2, claimed_until = now() + make_interval(secs => s.timeout_seconds + ${HEAD_START_WAIT_SECONDS}),
             reconcile_after = now() + make_interval(secs => s.timeout_seconds + ${HEAD_START_WAIT_SECONDS + RECONCILE_AFTER_SECONDS})`;

/** Condition: in the fast lane and without a rate limit, as the accept statement has it. */
const MAY_BE_CLAIMED = `s.rate_limit_per_second is null and s.timeout_seconds <= ${FAST_LANE_MAX_TIMEOUT_SECONDS} and (s.slow_until is null or s.slow_until <= now())`;

/**
 * Claims the first attempts of notifications that have no attempt and no live claim of another
 * process. As in the accept statement, only those in the fast lane and without a rate limit are
 * claimed.
 *
 * @param ids - the caller has none of them under way: claims of this process count as lapsed
 */
export async function claimUnattempted(
  db: Database,
  ids: readonly string[],
  processId: string,
): Promise<ClaimedNotification[]> {
  const claimed: ClaimedNotification[] = [];
  for (const [window, uuids] of byWindow(uuidsOf(ids), (uuid) => uuid)) {
    const { rows } = await db.query<RefRow & { host: string }>({
      text: `update notifications n set ${CLAIM}
           from subscription_states s
           where n.id = any($1) and ${window.has('n.id')} and s.id = n.subscription_id and ${UNATTEMPTED} and (n.claimed_by = $2 or n.claimed_until is null or not ${claimIsLive('n.', '$3')})
             and ${MAY_BE_CLAIMED}
           returning ${REF_COLUMNS}, ${hostOf('s.')} as host`,
      values: [uuids, processId, claimGraceSeconds(db)],
    });
    claimed.push(...rows.map((row) => ({ ...toRef(row), host: row.host })));
  }
  return claimed;
}

/**
 * Renews live claims of a process on first attempts that it has not begun. A claim that it has
 * released meanwhile stays released.
 *
 * @returns those that it renewed, with the host and port of their URLs
 */
export async function renewClaims(
  db: Executor,
  ids: readonly string[],
  processId: string,
): Promise<{ notificationId: string; host: string }[]> {
  const renewed: { notificationId: string; host: string }[] = [];
  for (const [window, uuids] of byWindow(uuidsOf(ids), (uuid) => uuid)) {
    const { rows } = await db.query<{ id: string; host: string }>({
      text: `update notifications n set ${CLAIM}
           from subscription_states s
           where n.id = any($1) and ${window.has('n.id')} and s.id = n.subscription_id and ${UNATTEMPTED} and n.claimed_by = $2 and n.claimed_until > now()
             and ${MAY_BE_CLAIMED}
           returning n.id, ${hostOf('s.')} as host`,
      values: [uuids, processId],
    });
    renewed.push(...rows.map(({ id, host }) => ({ notificationId: encodeId('ntf', id), host })));
  }
  return renewed;
}

/**
 * Claims the first attempt of a notification for its own workflow.
 *
 * @returns false if another process claimed it, or it has been attempted or closed
 */
export async function claimFirstAttempt(
  db: Database,
  notificationId: string,
  { processId, seconds }: Claim,
): Promise<boolean> {
  const { rowCount } = await db.query({
    ...inWindow(
      'claim-first-attempt',
      uuidOf(notificationId),
      (has) => `update notifications set claimed_by = $2, claimed_until = now() + make_interval(secs => $3)
           where id = $1 and ${has('id')} and status = 'pending' and attempt_count = 0 and (claimed_by = $2 or claimed_until is null or not ${claimIsLive('', '$4')})`,
    ),
    values: [uuidOf(notificationId), processId, seconds, claimGraceSeconds(db)],
  });
  return rowCount === 1;
}

/**
 * Releases claims of this process on first attempts that it will not make. Their workflows make
 * them; if there is none, the reconciler starts it.
 *
 * @param soon - whether the reconciler checks them in its next sweep, because this process stops
 *   and has dropped the starts of their workflows
 */
export async function releaseClaims(
  db: Executor,
  ids: readonly string[],
  processId: string,
  soon = false,
): Promise<void> {
  for (const [window, uuids] of byWindow(uuidsOf(ids), (uuid) => uuid)) {
    await db.query({
      text: `update notifications n set claimed_until = null, claimed_by = null,
             reconcile_after = least(n.reconcile_after, now() + make_interval(secs => $3))
           where n.id = any($1) and ${window.has('n.id')} and n.claimed_by = $2 and ${UNATTEMPTED}`,
      values: [uuids, processId, soon ? 0 : OVERDUE_SECONDS],
    });
  }
}

/** Has notifications that wait for a first attempt, or for a workflow after one, checked later. */
export async function deferChecks(db: Executor, ids: readonly string[], afterSeconds: number): Promise<void> {
  for (const [window, uuids] of byWindow(uuidsOf(ids), (uuid) => uuid))
    await db.query({
      text: `update notifications set reconcile_after = greatest(reconcile_after, now() + make_interval(secs => $2))
           where id = any($1) and ${window.has('id')} and reconcile_after is not null and (status = 'pending' or last_attempt_key like '${HEAD_START_PREFIX}%')`,
      values: [uuids, afterSeconds],
    });
}

/** A member of a burst that is not done. */
export interface UnfinishedMember extends NotificationRef {
  /**
   * - `unattempted`: no first attempt, and no live claim of another process
   * - `claimed`: another process has a live claim and may be sending
   * - `failed`: a head start that failed or was cut off, and that no workflow took over
   */
  state: 'unattempted' | 'claimed' | 'failed';
}

/**
 * Finds the notifications that are waiting for a first attempt, or for a workflow after a failed
 * one.
 */
export async function findUnfinished(
  db: Database,
  ids: readonly string[],
  processId: string,
): Promise<UnfinishedMember[]> {
  const members: UnfinishedMember[] = [];
  for (const [window, uuids] of byWindow(uuidsOf(ids), (uuid) => uuid)) {
    const { rows } = await db.query<RefRow & { state: UnfinishedMember['state'] }>({
      text: `select ${REF_COLUMNS}, case when not (${UNATTEMPTED}) then 'failed' when n.claimed_by <> $2 and ${claimIsLive('n.', '$3')} then 'claimed' else 'unattempted' end as state
           from notifications n left join subscription_states s on s.id = n.subscription_id
           where n.id = any($1) and ${window.has('n.id')} and (${UNATTEMPTED} or n.status in ('retrying', 'failed') and n.last_attempt_key like '${HEAD_START_PREFIX}%'
             or n.last_attempt_key like '${CUT_OFF_PREFIX}${HEAD_START_PREFIX}%' and n.status = 'pending')`,
      values: [uuids, processId, claimGraceSeconds(db)],
    });
    members.push(...rows.map((row) => ({ ...toRef(row), state: row.state })));
  }
  return members;
}

const uuidsOf = (ids: readonly string[]) => ids.map(uuidOf);
