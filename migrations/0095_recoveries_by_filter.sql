-- Up Migration

set local lock_timeout = '2s';

-- A recovery by filter is for notifications of several subscriptions. It has no subscription of its own,
-- and belongs to the product and customer that its filter is limited to; null: to all.
alter table recoveries alter column subscription_id drop not null;
alter table recoveries add column action text not null default 'retry';
alter table recoveries add column filter jsonb;
alter table recoveries add column product_id text;
alter table recoveries add column customer_id text;
create index recoveries_customer on recoveries (customer_id) where customer_id is not null;

-- The notifications that a recovery has processed, to report what became of each.
create table recovery_items (
  recovery_id uuid not null references recoveries on delete cascade,
  notification_id uuid not null,
  customer_id text not null,
  -- False if it could not be retried or cancelled at its turn.
  done boolean not null,
  primary key (recovery_id, notification_id)
);
create index recovery_items_customer on recovery_items (customer_id);
