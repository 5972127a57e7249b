-- Up Migration

-- Head start: the process that accepts a notification makes its first attempt while the workflow is being started. Until the claim lapses (by
-- this database's clock) nobody else makes that attempt. Nullable columns without default: no table is rewritten.
alter table notifications add column claimed_by text;
alter table notifications add column claimed_until timestamptz;
-- Which workflow made the last attempt, where it was a burst; null: the notification's own.
alter table notifications add column burst_id text;

-- The figures behind a subscription's statistics, kept by the statements that accept and record, one row each per group of events or attempts.
-- Two tables, so that accepting and recording do not wait for each other's row.
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
  -- When the first of them was made; null while there is none.
  failing_since timestamptz,
  last_success_at timestamptz,
  last_success_attempt_id uuid,
  last_failure_at timestamptz,
  last_failure_attempt_id uuid
) with (fillfactor = 50);

-- When a subscription's next attempt is due, for its statistics; written on the failing path only.
create index notifications_due on notifications (subscription_id, next_attempt_at) where status = 'retrying';
