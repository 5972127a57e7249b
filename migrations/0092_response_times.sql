-- Up Migration

-- Durations of the attempts of the last day, for percentiles: attempts by subscription, hour, class
-- of the response and bucket of the duration. A sweep adds what was recorded since its last run, so
-- that recording an attempt costs no more.
create table response_times (
  subscription_id uuid not null,
  -- Hours since 1970.
  hour integer not null,
  -- The first digit of the status; 0 without a response.
  response_class smallint not null,
  -- The duration on a logarithmic scale, see src/store/reporting/duration-buckets.ts.
  bucket smallint not null,
  attempts bigint not null,
  successes bigint not null,
  primary key (subscription_id, hour, response_class, bucket)
);
create index response_times_hour on response_times (hour);

-- The figures of each subscription over the last day, by which lists are sorted.
create table subscription_day_statistics (
  subscription_id uuid primary key,
  attempts bigint not null,
  successes bigint not null,
  p50_ms integer not null,
  p95_ms integer not null,
  p99_ms integer not null
);
create index subscription_day_statistics_p95 on subscription_day_statistics (p95_ms);

-- The one row says up to which attempts the sweep has read, and for which hour it computed the
-- figures of all subscriptions.
create table response_times_progress (
  id boolean primary key default true check (id),
  read_until timestamptz,
  hour integer not null default 0
);
insert into response_times_progress default values;
