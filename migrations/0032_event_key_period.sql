-- Up Migration

-- The ids that producers chose get a lifetime: 0034 partitions `event_keys` by periods of ten days.
-- This migration and the next prepare the table that exists so that it becomes a partition without
-- being scanned under a lock.
--
-- The rows that exist, and all that are written in this period and the next, belong to it. So during
-- a rolling upgrade the old and the new code write into the same table and its unique index, and an
-- id that one of them accepted is a duplicate to the other.
set local lock_timeout = '2s';
do $$
declare
  current_period integer := floor(extract(epoch from now()) / 864000);
begin
  -- A constant default rewrites no table.
  execute format('alter table event_keys add column period integer not null default %s', current_period);
  execute format('alter table event_keys add constraint event_keys_before_period check (period < %s) not valid', current_period + 2);
end
$$;
