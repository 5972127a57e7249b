-- Up Migration

-- Bulk recovery: a workflow walks the failed notifications of a subscription; what it has done is noted here, in the statement that does it.
create table recoveries (
  id uuid primary key,
  subscription_id uuid not null references subscriptions,
  status text not null default 'running',
  -- Acceptance of the notifications: at or after, and before.
  since timestamptz not null,
  until timestamptz not null,
  rate_per_second double precision not null,
  total integer not null,
  retried integer not null default 0,
  skipped integer not null default 0,
  -- The last notification that it is done with; those that come after it in order of acceptance are still to do.
  done_up_to uuid,
  -- Where nothing moves for a while, the relay looks whether a workflow runs.
  progressed_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create unique index recoveries_running on recoveries (subscription_id) where status = 'running';
create index recoveries_subscription on recoveries (subscription_id, id);

-- The activity stream reads events and attempts where they are. Only changes that leave neither are written down, once more and for a day or two.
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

-- What the notification became by this attempt; null for attempts made before there was this column.
alter table attempts add column notification_status text;

-- A UUIDv7 of this moment.
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

-- By triggers, so that no statement can forget it. The conditions are all that the happy path pays: pending to delivered meets none of them.
create trigger notifications_accepted_as_held after insert on notifications
  for each row when (new.status = 'held') execute function note_activity();
create trigger notifications_set_aside after update of status on notifications
  for each row when (new.status <> old.status and new.status in ('held', 'cancelled', 'pending')) execute function note_activity();

-- The full id of the transaction that wrote a row, from the lower half that the row keeps (its xmin) and an id that is not far off. Ids of rows are made
-- before the commit, so rows do not become visible in the order of their ids; by its transaction a snapshot tells exactly which were. A single
-- expression, so that it is part of the statement that calls it.
create function full_xid(row_xmin xid, near bigint) returns xid8 language sql stable as $$
  select (near + ((row_xmin::text::bigint - near + 2147483648) & 4294967295) - 2147483648)::text::xid8
$$;
