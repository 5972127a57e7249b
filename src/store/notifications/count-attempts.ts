/**
 * Part of the statement that records attempts. It adds up the attempts of each subscription first,
 * so that the row of a busy subscription is written once per group. Reads `input i` and `recorded
 * r`.
 *
 * The columns `period…` count for the out-of-order rule: only attempts that began in the newest
 * period.
 */
export const COUNT_ATTEMPTS = `
  insert into subscription_attempt_statistics as c (subscription_id, attempts, successes, failures, failures_since_success, failing_since,
    last_success_at, last_success_attempt_id, last_failure_at, last_failure_attempt_id, period, period_failures, period_failing_since, period_success_at)
  select subscription_id, count(*), count(*) filter (where ok), count(*) filter (where not ok),
    count(*) filter (where not ok and later), min(finished_at) filter (where not ok and later),
    max(finished_at) filter (where ok), (array_agg(attempt_id order by finished_at desc) filter (where ok))[1],
    max(finished_at) filter (where not ok), (array_agg(attempt_id order by finished_at desc) filter (where not ok))[1],
    max(period), count(*) filter (where not ok and current and later_in_period), min(finished_at) filter (where not ok and current and later_in_period),
    max(finished_at) filter (where ok and current)
  from (
    select i.subscription_id, i.attempt_id, i.finished_at, i.outcome = 'delivered' as ok,
      i.finished_at > coalesce(max(i.finished_at) filter (where i.outcome = 'delivered') over (partition by i.subscription_id), '-infinity') as later,
      max(i.failure_period) over (partition by i.subscription_id) as period,
      i.failure_period = max(i.failure_period) over (partition by i.subscription_id) as current,
      i.finished_at > coalesce(max(i.finished_at) filter (where i.outcome = 'delivered') over (partition by i.subscription_id, i.failure_period), '-infinity') as later_in_period
    from recorded r join input i on i.notification_id = r.id and i.attempt_key = r.last_attempt_key
    -- Those that were cut off say nothing about the receiver.
    where i.outcome <> 'cut-off'
  ) a
  group by subscription_id order by subscription_id
  on conflict (subscription_id) do update set
    attempts = c.attempts + excluded.attempts,
    successes = c.successes + excluded.successes,
    failures = c.failures + excluded.failures,
    failures_since_success = excluded.failures_since_success + case when excluded.successes > 0 then 0 else c.failures_since_success end,
    failing_since = case when excluded.successes > 0 then excluded.failing_since else coalesce(c.failing_since, excluded.failing_since) end,
    last_success_at = coalesce(excluded.last_success_at, c.last_success_at),
    last_success_attempt_id = coalesce(excluded.last_success_attempt_id, c.last_success_attempt_id),
    last_failure_at = coalesce(excluded.last_failure_at, c.last_failure_at),
    last_failure_attempt_id = coalesce(excluded.last_failure_attempt_id, c.last_failure_attempt_id),
    period = greatest(c.period, excluded.period),
    period_failures = ${ofPeriod('period_failures', 'c.period_failures + excluded.period_failures')},
    period_failing_since = ${ofPeriod('period_failing_since', 'coalesce(c.period_failing_since, excluded.period_failing_since)')},
    period_success_at = ${ofPeriod('period_success_at', 'c.period_success_at')}`;

/**
 * SQL of a column of the period: of the later period, or `otherwise` if both are the same and the
 * new attempts have no success.
 */
function ofPeriod(column: string, otherwise: string): string {
  return `case when excluded.period < c.period then c.${column}
      when excluded.period > c.period or excluded.period_success_at is not null then excluded.${column}
      else ${otherwise} end`;
}
