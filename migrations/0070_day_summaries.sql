-- Up Migration

-- What the days that are over contain, so that a list or a figure skips the partitions that hold
-- nothing for it. Maintenance writes a day once nothing is accepted into it any more. A day without a
-- row is read.
create table day_summaries (
  -- Days since 1970.
  day integer primary key,
  -- False only while no notification of the day is open or due for a check by the reconciler.
  has_open boolean not null
);
-- The products with events on these days.
create table product_days (
  product_id text not null,
  day integer not null,
  primary key (product_id, day)
);

-- As before, and notes that a day has an open notification again. Maintenance holds the advisory lock
-- exclusively while it looks for open notifications, so that it does not overwrite the note of a
-- transaction whose notification it does not see yet. A trigger, so that processes of the previous
-- version note it too.
create or replace function note_activity() returns trigger language plpgsql as $$
declare
  opened_day integer;
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
  if tg_op = 'UPDATE' and old.status in ('delivered', 'failed', 'cancelled') and new.status <> 'cancelled' then
    opened_day := ('x' || left(replace(new.id::text, '-', ''), 12))::bit(48)::bigint / 86400000;
    perform pg_advisory_xact_lock_shared(5399, opened_day);
    update day_summaries set has_open = true where day = opened_day and not has_open;
  end if;
  return null;
end
$$;
