-- Up Migration

set local lock_timeout = '2s';

-- Versions that customers and products put into operation, as their CI reports them. One of a customer
-- concerns all endpoints of the customer, or only one. One without a customer is of a product.
create table deploys (
  id uuid primary key,
  product_id text references products,
  customer_id text references customers,
  subscription_id uuid references subscriptions,
  version text not null,
  description text not null,
  url text,
  -- Whole milliseconds, because pages of a list begin after a time that clients send back.
  at timestamptz(3) not null,
  check (customer_id is not null or product_id is not null),
  check (subscription_id is null or customer_id is not null)
);
create index deploys_at on deploys (at desc, id desc);
create index deploys_customer on deploys (customer_id, at desc, id desc);
create index deploys_subscription on deploys (subscription_id) where subscription_id is not null;
create index deploys_product on deploys (product_id, at desc, id desc);
