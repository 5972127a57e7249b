import { decodeId, encodeId } from '../../domain/ids';
import type { Executor } from '../db/database';
import { allSpans } from '../db/spans';
import type { ReleaseProgress } from '../subscriptions/releasing';

/** The figures of a subscription since it was created. */
export interface SubscriptionStatistics {
  /** Events that matched it. */
  events: number;
  /** Attempts, retries included, without those that the end of a process cut off. */
  triggers: number;
  successResponses: number;
  /** Attempts without a 2xx response, for any reason. */
  failureResponses: number;
  failuresSinceLastSuccess: number;
  lastEventAt: Date | null;
  /** When the next retry is due. */
  nextTriggerAt: Date | null;
  /** Notifications that are held now. */
  held: number;
  /** The progress of the release after a pause; null if none is running. */
  release: ReleaseProgress | null;
  lastSuccess: { at: Date; attemptId: string } | null;
  lastFailure: { at: Date; attemptId: string } | null;
}

interface StatisticsRow {
  events: number | null;
  last_event_at: Date | null;
  attempts: number | null;
  successes: number | null;
  failures: number | null;
  failures_since_success: number | null;
  last_success_at: Date | null;
  last_success_attempt_id: string | null;
  last_failure_at: Date | null;
  last_failure_attempt_id: string | null;
  backlog: number | null;
  released: number | null;
}

/**
 * Reads what is held or waits for a retry: the head of one index, and a part of another, of the
 * days with open notifications.
 */
async function readWaiting(
  db: Executor,
  subscriptionId: string,
): Promise<{ held: number; nextAttemptAt: Date | null }> {
  let held = 0;
  let nextAttemptAt: Date | null = null;
  for (const [from, to] of await allSpans(db, 'notifications', { sought: { open: true } })) {
    const { rows } = await db.query<{ held: number; next: Date | null }>({
      text: `select
               (select count(*) from notifications where subscription_id = $1 and status = 'held' and id >= $2 and id < $3) as held,
               (select min(next_attempt_at) from notifications where subscription_id = $1 and status = 'retrying' and id >= $2 and id < $3) as next`,
      values: [decodeId('sub', subscriptionId), from, to],
    });
    const { held: count, next } = rows[0]!;
    held += count;
    if (next && (!nextAttemptAt || next < nextAttemptAt)) nextAttemptAt = next;
  }
  return { held, nextAttemptAt };
}

/** Reads statistics. The cost grows with the held notifications only. */
export async function readStatistics(db: Executor, subscriptionId: string): Promise<SubscriptionStatistics> {
  const { rows } = await db.query<StatisticsRow>({
    text: `select e.events, e.last_event_at, a.attempts, a.successes, a.failures, a.failures_since_success, a.last_success_at, a.last_success_attempt_id,
             a.last_failure_at, a.last_failure_attempt_id,
             r.backlog, r.released
           from (select $1::uuid as id) s
           left join subscription_event_statistics e on e.subscription_id = s.id
           left join subscription_attempt_statistics a on a.subscription_id = s.id
           left join releases r on r.subscription_id = s.id`,
    values: [decodeId('sub', subscriptionId)],
  });
  const row = rows[0]!;
  const waiting = await readWaiting(db, subscriptionId);
  const link = (at: Date | null, attemptId: string | null) =>
    at && attemptId ? { at, attemptId: encodeId('att', attemptId) } : null;
  return {
    events: row.events ?? 0,
    triggers: row.attempts ?? 0,
    successResponses: row.successes ?? 0,
    failureResponses: row.failures ?? 0,
    failuresSinceLastSuccess: row.failures_since_success ?? 0,
    lastEventAt: row.last_event_at,
    nextTriggerAt: waiting.nextAttemptAt,
    held: waiting.held,
    release: row.backlog === null ? null : { backlog: row.backlog, released: row.released ?? 0 },
    lastSuccess: link(row.last_success_at, row.last_success_attempt_id),
    lastFailure: link(row.last_failure_at, row.last_failure_attempt_id),
  };
}
