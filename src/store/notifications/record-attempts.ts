import type { NotificationStatus } from '../../domain/types';
import {
  BURST_PREFIX,
  CUT_OFF_PREFIX,
  HEAD_START_PREFIX,
  RECONCILE_AFTER_SECONDS,
  OVERDUE_SECONDS,
} from '../../domain/delivery';
import { decodeId, newUuid, uuidOf } from '../../domain/ids';
import type { Executor } from '../db/database';
import { byWindow, perWindow, type Window } from '../db/windows';
import type { AttemptRecord, RecordedAttempt } from '../../domain/attempt';
import { raiseExhausted } from '../operational/raising';
import { COUNT_ATTEMPTS } from './count-attempts';

interface RecordedRow {
  id: string;
  last_attempt_key: string;
  status: NotificationStatus;
  attempt_count: number;
}

const EXHAUSTED = raiseExhausted(
  `select r.id, i.subscription_id, r.attempt_count as attempts, i.error_message as reason, r.product_id
   from recorded r join input i on i.notification_id = r.id and i.attempt_key = r.last_attempt_key where r.status = 'failed'`,
);

/**
 * Condition: the attempt was cut off, and its notification waits for another process. Otherwise
 * another process has begun the attempt, or the notification was held or closed meanwhile.
 */
const LEAVES = `(i.outcome = 'cut-off' and n.status in ('pending', 'delivering', 'retrying') and (n.claimed_by is null or n.claimed_by = i.cut_off_process))`;

const record = perWindow(
  'record-attempts',
  (has) => `
with input as (
  select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::uuid[],
    $11::text[], $12::timestamptz[], $13::int[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::boolean[], $21::text[], $22::bigint[], $23::text[], $24::text[])
    as i (notification_id, attempt_key, attempt_id, response_status, error_class, error_message, outcome, next_attempt_at, finished_at, subscription_id,
    trigger, started_at, duration_ms, request_method, request_url, request_headers, request_body, response_headers, response_body, response_truncated, workflow_id, failure_period, schedule, cut_off_process)
),
recorded as (
  update notifications n set
    attempt_count = n.attempt_count + 1,
    -- An attempt that was cut off takes no step of the ladder.
    ladder_base = n.ladder_base + case when i.outcome = 'cut-off' then 1 else 0 end,
    claimed_until = case when ${LEAVES} then null else n.claimed_until end,
    claimed_by = case when ${LEAVES} then null else n.claimed_by end,
    last_attempt_key = i.attempt_key,
    last_attempt_id = i.attempt_id,
    last_response_status = i.response_status,
    last_error_class = i.error_class,
    last_error_message = i.error_message,
    -- What was delivered stays so, whatever another attempt, at the same time or later, came to.
    status = case
      when n.status = 'delivered' or n.status = 'cancelled' and i.outcome <> 'delivered' then n.status
      when ${LEAVES} and n.status = 'delivering' then case when n.attempt_count > n.ladder_base then 'retrying' else 'pending' end
      when i.outcome = 'cut-off' then n.status
      when i.outcome = 'failed' and n.delivered_at is not null then 'delivered'
      else i.outcome
    end,
    -- An attempt that was made for a retry meets the retries that were asked for meanwhile.
    retry_asked = n.retry_asked and (i.trigger <> 'manual' or i.outcome = 'cut-off'),
    next_attempt_at = case when n.status in ('cancelled', 'delivered') then null when i.outcome = 'cut-off' and not ${LEAVES} then n.next_attempt_at else i.next_attempt_at end,
    reconcile_after = case
      when n.status in ('cancelled', 'delivered') then null
      when i.outcome = 'cut-off' and not ${LEAVES} then n.reconcile_after
      -- The process has dropped the start of its workflow, and the reconciler starts it.
      when i.attempt_key like '${CUT_OFF_PREFIX}${HEAD_START_PREFIX}%' then now()
      -- A workflow has to take over the failed head start. If there is none, the reconciler starts
      -- it.
      when i.outcome <> 'delivered' and i.attempt_key like '${HEAD_START_PREFIX}%' then now() + interval '${RECONCILE_AFTER_SECONDS} seconds'
      -- A retry was asked for during the attempt. If its signal is lost, the reconciler repeats it.
      when n.retry_asked and i.trigger <> 'manual' and i.outcome <> 'delivered' then now() + interval '${RECONCILE_AFTER_SECONDS} seconds'
      else i.next_attempt_at + interval '${OVERDUE_SECONDS} seconds'
    end,
    finished_at = case when n.status = 'delivered' or i.outcome = 'cut-off' then n.finished_at when i.outcome = 'retrying' and n.status <> 'cancelled' then null else i.finished_at end,
    -- By which the next attempt was planned. A change of the schedule finds those with another one.
    retry_schedule = coalesce(i.schedule::integer[], n.retry_schedule),
    burst_id = case when i.workflow_id like '${BURST_PREFIX}%' and i.outcome <> 'cut-off' then i.workflow_id end
  from input i
  -- The array makes Postgres use the index, which the join alone does not while tables are small.
  where n.id = i.notification_id and n.id = any($1) and ${has('n.id')} and n.last_attempt_key is distinct from i.attempt_key
  returning n.id, n.status, n.attempt_count, n.last_attempt_key, n.product_id
),
logged as (
  insert into attempts (id, notification_id, subscription_id, number, trigger, started_at, finished_at, duration_ms, response_status, error_class,
    error_message, request_method, request_url, request_headers, request_body, response_headers, response_body, response_truncated, workflow_id, notification_status, product_id)
  select i.attempt_id, r.id, i.subscription_id, r.attempt_count, i.trigger, i.started_at, i.finished_at, i.duration_ms, i.response_status, i.error_class,
    i.error_message, i.request_method, i.request_url, i.request_headers::json, i.request_body, i.response_headers::json, i.response_body,
    i.response_truncated, i.workflow_id, r.status, r.product_id
  from recorded r join input i on i.notification_id = r.id and i.attempt_key = r.last_attempt_key
),
counted as (
  ${COUNT_ATTEMPTS}
),
${EXHAUSTED}
select id, last_attempt_key, status, attempt_count from recorded`,
);

/** A notification that was erased during the attempt. Nothing is left to record. */
const ERASED: RecordedAttempt = { status: 'cancelled', attempts: 0 };

/**
 * Records attempts of different notifications and their outcomes in one statement. Recording an
 * attempt with the same key again changes nothing.
 *
 * @returns the state of each notification after it, in order; one that no longer exists is
 *   cancelled
 */
export async function recordAttempts(db: Executor, attempts: readonly AttemptRecord[]): Promise<RecordedAttempt[]> {
  const rows: RecordedRow[] = [];
  for (const [window, group] of byWindow(attempts, ({ notificationId }) => uuidOf(notificationId)))
    rows.push(...(await recordInWindow(db, window, group)));
  const byAttempt = new Map(rows.map((row) => [`${row.id} ${row.last_attempt_key}`, row]));
  const existing = new Set(rows.map(({ id }) => id));
  return attempts.map(({ notificationId, attemptKey }) => {
    const uuid = uuidOf(notificationId);
    if (!existing.has(uuid)) return ERASED;
    const row = byAttempt.get(`${uuid} ${attemptKey}`);
    // Another caller recorded another attempt at the same time. The next try records this one.
    if (!row) throw new Error(`An attempt of notification ${notificationId} could not be recorded.`);
    return { status: row.status, attempts: row.attempt_count };
  });
}

async function recordInWindow(
  db: Executor,
  window: Window,
  attempts: readonly AttemptRecord[],
): Promise<RecordedRow[]> {
  const column = <T>(value: (attempt: AttemptRecord) => T): T[] => attempts.map(value);
  const ids = column(({ notificationId }) => uuidOf(notificationId));
  const { rows } = await db.query<RecordedRow>({
    ...record(window),
    values: [
      ids,
      column(({ attemptKey }) => attemptKey),
      column(() => newUuid()),
      column(({ response }) => response?.status ?? null),
      column(({ error }) => error?.class ?? null),
      column(({ error }) => error?.message ?? null),
      column(({ outcome }) => outcome.status),
      column(({ outcome }) => ('nextAttemptAt' in outcome ? outcome.nextAttemptAt : null)),
      column(({ finishedAt }) => finishedAt),
      column(({ subscriptionId }) => decodeId('sub', subscriptionId)),
      column(({ trigger }) => trigger),
      column(({ startedAt }) => startedAt),
      column(({ durationMs }) => Math.round(durationMs)),
      column(({ request }) => request.method),
      column(({ request }) => request.url),
      column(({ request }) => JSON.stringify(request.headers)),
      column(({ request }) => request.body),
      column(({ response }) => response && JSON.stringify(response.headers)),
      column(({ response }) => response?.body ?? null),
      column(({ response }) => response?.truncated ?? false),
      column(({ workflowId }) => workflowId),
      column(({ failurePeriod }) => failurePeriod),
      column(({ outcome }) =>
        outcome.status === 'retrying' && outcome.schedule ? `{${outcome.schedule.join()}}` : null,
      ),
      column(({ outcome }) => (outcome.status === 'cut-off' ? outcome.processId : null)),
    ],
  });
  if (rows.length < attempts.length) rows.push(...(await findRecorded(db, window, ids)));
  return rows;
}

const lastRecorded = perWindow(
  'find-recorded',
  (has) => `select id, last_attempt_key, status, attempt_count from notifications where id = any($1) and ${has('id')}`,
);

/** Finds the last recorded attempts of notifications, for attempts that were recorded before. */
async function findRecorded(db: Executor, window: Window, uuids: string[]): Promise<RecordedRow[]> {
  const { rows } = await db.query<RecordedRow>({
    ...lastRecorded(window),
    values: [uuids],
  });
  return rows;
}
