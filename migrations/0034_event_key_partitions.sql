-- Up Migration

-- `event_keys` by periods of ten days. Each partition has its own unique index on the id, because a
-- unique index of the partitioned table would have to contain the period. The accept statement looks
-- into the earlier partitions, and writes into two around the end of a period, so that no id is
-- accepted twice (src/store/notifications/event-keys.ts).
set local lock_timeout = '2s';
alter table event_keys rename to event_keys_before;
alter index event_keys_pkey rename to event_keys_before_pkey;
alter index event_keys_given rename to event_keys_before_given;

create table event_keys (
  product_id text not null,
  given_id text not null,
  event_id uuid not null,
  body_hash bytea not null,
  -- Days since 1970, divided by ten. The default is for processes that do not know the column.
  period integer not null default floor(extract(epoch from now()) / 864000)
) partition by range (period);
create index event_keys_given on event_keys (given_id);

do $$
declare
  upper integer := (
    select substring(pg_get_constraintdef(oid) from '\d+') from pg_constraint
    where conrelid = 'event_keys_before'::regclass and conname = 'event_keys_before_period'
  );
begin
  -- The validated constraint proves the bounds, so the table is not scanned.
  execute format('alter table event_keys attach partition event_keys_before for values from (minvalue) to (%s)', upper);
end
$$;

-- Takes ids of periods without a partition, so that accepting never fails because of missed
-- maintenance.
create table event_keys_default partition of event_keys default;
alter table event_keys_default add primary key (product_id, given_id);
