-- Up Migration

-- When a notification was delivered that was retried since. Its status says what became of the retry,
-- but not that it was delivered. A nullable column without default rewrites no table.
alter table notifications add column delivered_at timestamptz;
