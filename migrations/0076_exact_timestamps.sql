-- Up Migration

-- The time of an event as its producer wrote it, if `occurred_at` does not have all of its digits. A
-- nullable column without default rewrites no table.
alter table events add column occurred_text text;
