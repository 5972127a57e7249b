-- Up Migration

-- A recovery: a workflow retries the failed notifications of a subscription. The statement that
-- reopens a notification also stores the progress here.
create table recoveries (
  id uuid primary key,
  subscription_id uuid not null references subscriptions,
  status text not null default 'running',
  -- The notifications accepted at or after `since` and before `until`.
  since timestamptz not null,
  until timestamptz not null,
  rate_per_second double precision not null,
  total integer not null,
  retried integer not null default 0,
  skipped integer not null default 0,
  -- The last processed notification. Those after it, in order of acceptance, are left to do.
  done_up_to uuid,
  -- Time of the last progress. After a while without progress, the reconciler checks that a
  -- workflow is running.
  progressed_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create unique index recoveries_running on recoveries (subscription_id) where status = 'running';
create index recoveries_subscription on recoveries (subscription_id, id);

-- The activity stream reads events and attempts from their tables. Only changes that appear in
-- neither are stored here, for two days.
create table activity (
  id uuid primary key,
  kind text not null,
  notification_id uuid not null,
  event_id uuid not null,
  subscription_id uuid not null,
  customer_id text not null,
  product_id text not null,
  event_type text not null,
  status text not null,
  at timestamptz not null default clock_timestamp()
);

-- The status of the notification after this attempt; null for attempts older than this column.
alter table attempts add column notification_status text;

-- Generates a UUIDv7.
create function uuid_of_now() returns uuid language sql volatile as $$
  select overlay(overlay(gen_random_uuid()::text placing left(ms, 8) || '-' || right(ms, 4) from 1 for 13) placing '7' from 15)::uuid
  from lpad(to_hex(floor(extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') as t (ms)
$$;

create function note_activity() returns trigger language plpgsql as $$
begin
  insert into activity (id, kind, notification_id, event_id, subscription_id, customer_id, product_id, event_type, status)
  values (
    uuid_of_now(),
    case
      when new.status <> 'pending' then 'notification.' || new.status
      when old.status = 'held' then 'notification.released'
      else 'notification.reopened'
    end,
    new.id, new.event_id, new.subscription_id, new.customer_id, new.product_id, new.event_type, new.status
  );
  return null;
end
$$;

-- Triggers, so that no statement can omit it. On the happy path, from pending to delivered, only
-- the conditions are evaluated.
create trigger notifications_accepted_as_held after insert on notifications
  for each row when (new.status = 'held') execute function note_activity();
create trigger notifications_set_aside after update of status on notifications
  for each row when (new.status <> old.status and new.status in ('held', 'cancelled', 'pending')) execute function note_activity();

-- Returns the full id of the transaction that wrote a row, from the lower half that the row stores
-- (its xmin) and an id close to it. Row ids are generated before the commit, so rows do not become
-- visible in the order of their ids. With the transaction id, a snapshot shows exactly which rows
-- were visible. The function is a single expression, so that Postgres inlines it.
create function full_xid(row_xmin xid, near bigint) returns xid8 language sql stable as $$
  select (near + ((row_xmin::text::bigint - near + 2147483648) & 4294967295) - 2147483648)::text::xid8
$$;
