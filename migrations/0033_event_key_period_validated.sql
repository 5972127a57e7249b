-- Up Migration

-- Scans the table, in a transaction of its own and without blocking readers or writers.
alter table event_keys validate constraint event_keys_before_period;
