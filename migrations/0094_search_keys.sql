-- Up Migration

set local lock_timeout = '2s';

-- Paths into the data of events of a type, by whose values events are found.
alter table event_types add column search_keys text[] not null default '{}';

-- The values at these paths, as `path:value` and `:value`. Null for most events, which pay nothing for
-- the index. A nullable column without default rewrites no table.
alter table events add column search_items text[];

-- For the partitioned table only. Existing partitions get theirs online, after the start. A pending
-- list would make one event in a thousand wait for the others.
create index events_search_items on only events using gin (search_items) with (fastupdate = off) where search_items is not null;
