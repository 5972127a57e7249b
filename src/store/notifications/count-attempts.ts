/**
 * Part of the statement that records attempts. It adds up the attempts of each subscription first,
 * so that the row of a busy subscription is written once per group. Reads `input i` and `recorded
 * r`.
 */
export const COUNT_ATTEMPTS = `
  insert into subscription_attempt_statistics as c (subscription_id, attempts, successes, failures, failures_since_success, failing_since,
    last_success_at, last_success_attempt_id, last_failure_at, last_failure_attempt_id)
  select subscription_id, count(*), count(*) filter (where ok), count(*) filter (where not ok),
    count(*) filter (where not ok and later), min(finished_at) filter (where not ok and later),
    max(finished_at) filter (where ok), (array_agg(attempt_id order by finished_at desc) filter (where ok))[1],
    max(finished_at) filter (where not ok), (array_agg(attempt_id order by finished_at desc) filter (where not ok))[1]
  from (
    select i.*, i.outcome = 'delivered' as ok,
      i.finished_at > coalesce(max(i.finished_at) filter (where i.outcome = 'delivered') over (partition by i.subscription_id), '-infinity') as later
    from recorded r join input i on i.notification_id = r.id and i.attempt_key = r.last_attempt_key
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
    last_failure_attempt_id = coalesce(excluded.last_failure_attempt_id, c.last_failure_attempt_id)`;
