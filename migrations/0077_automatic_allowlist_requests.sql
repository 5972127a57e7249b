-- Up Migration

-- A request that a subscription filed, because it waits for approval. One for which no subscription
-- waits any more is withdrawn.
alter table url_allowlist add column automatic boolean not null default false;

-- Subscriptions that wait for approval, which are few.
create index subscriptions_unapproved on subscriptions (customer_id) where not url_approved and deleted_at is null;
