-- Up Migration

-- Head start: the process that accepts a notification makes its first attempt while the workflow is
-- being started. Until the claim lapses, by the clock of Postgres, nobody else makes that attempt.
-- The columns are nullable without default, so no table is rewritten.
alter table notifications add column claimed_by text;
alter table notifications add column claimed_until timestamptz;
-- The burst whose workflow made the last attempt; null: the notification's own workflow.
alter table notifications add column burst_id text;

-- The statistics of subscriptions. The statements that accept and record update one row per group.
-- There are two tables, so that accepting and recording do not wait for each other's row locks.
create table subscription_event_statistics (
  subscription_id uuid primary key,
  events bigint not null,
  last_event_at timestamptz not null
) with (fillfactor = 50);
create table subscription_attempt_statistics (
  subscription_id uuid primary key,
  attempts bigint not null,
  successes bigint not null,
  failures bigint not null,
  failures_since_success bigint not null,
  -- Time of the first failure since the last success; null if there is none.
  failing_since timestamptz,
  last_success_at timestamptz,
  last_success_attempt_id uuid,
  last_failure_at timestamptz,
  last_failure_attempt_id uuid
) with (fillfactor = 50);

-- Finds when a subscription's next attempt is due, for its statistics. Only failed attempts write
-- to it.
create index notifications_due on notifications (subscription_id, next_attempt_at) where status = 'retrying';
