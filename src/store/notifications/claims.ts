import {
  FAST_LANE_MAX_TIMEOUT_SECONDS,
  HEAD_START_PREFIX,
  HEAD_START_WAIT_SECONDS,
  RECONCILE_AFTER_SECONDS,
  type NotificationRef,
} from '../../domain/delivery';
import { decodeId } from '../../domain/ids';
import type { Executor } from '../db/database';
import { REF_COLUMNS, toRef, type RefRow } from './notification-refs';

/**
 * Ends all claims. Call it only when no process that made them can be running: then the first
 * attempts need not wait for the claims to lapse. Recorded failures that no workflow took over
 * become overdue immediately, too.
 */
export async function endClaims(db: Executor): Promise<void> {
  await db.query({
    text: `update notifications set claimed_until = null, reconcile_after = now()
           where reconcile_after is not null and claimed_until > now() and (status = 'pending' or last_attempt_key like '${HEAD_START_PREFIX}%')`,
  });
}

/** Condition: the notification was accepted, never reopened, and has no attempt yet. */
export const UNATTEMPTED = `n.status = 'pending' and n.attempt_count = 0 and n.opened_at = n.created_at`;

/**
 * Claims the first attempts of notifications that have no attempt and no live claim of another
 * process. As in the accept statement, only those in the fast lane and without a rate limit are
 * claimed.
 */
export async function claimUnattempted(
  db: Executor,
  ids: readonly string[],
  processId: string,
): Promise<NotificationRef[]> {
  const { rows } = await db.query<RefRow>({
    text: `update notifications n set claimed_by = $2, claimed_until = now() + make_interval(secs => s.timeout_seconds + ${HEAD_START_WAIT_SECONDS}),
             reconcile_after = now() + make_interval(secs => s.timeout_seconds + ${HEAD_START_WAIT_SECONDS + RECONCILE_AFTER_SECONDS})
           from subscription_states s
           where n.id = any($1) and s.id = n.subscription_id and ${UNATTEMPTED} and (n.claimed_by = $2 or n.claimed_until is null or n.claimed_until <= now())
             and s.rate_limit_per_second is null and s.timeout_seconds <= ${FAST_LANE_MAX_TIMEOUT_SECONDS} and (s.slow_until is null or s.slow_until <= now())
           returning ${REF_COLUMNS}`,
    values: [ids.map((id) => decodeId('ntf', id)), processId],
  });
  return rows.map(toRef);
}

/**
 * Finds the notifications that need a workflow of their own and have none: without a first attempt,
 * or with a failed head start that no workflow took over.
 */
export async function findUntaken(db: Executor, ids: readonly string[]): Promise<NotificationRef[]> {
  const { rows } = await db.query<RefRow>({
    text: `select ${REF_COLUMNS} from notifications n left join subscription_states s on s.id = n.subscription_id
           where n.id = any($1) and (${UNATTEMPTED} or n.status in ('retrying', 'failed') and n.last_attempt_key like '${HEAD_START_PREFIX}%')`,
    values: [ids.map((id) => decodeId('ntf', id))],
  });
  return rows.map(toRef);
}
