-- Up Migration

-- What product and customer credentials list: their own rows, newest first. Without these indexes a
-- list walks the history of everybody until its page is full.
--
-- `only` makes the index of the partitioned table without those of its partitions, so no table is
-- scanned while it is locked. Every process that starts builds the missing ones without blocking
-- writers (src/store/db/complete-indexes.ts); Postgres uses those of a partition from then on. New
-- partitions get theirs when they are created. A writer that keeps its transaction open must not
-- stop the others behind this migration.
set local lock_timeout = '2s';
create index notifications_product on only notifications (product_id, id);
create index events_customer on only events (customer_id, id);
