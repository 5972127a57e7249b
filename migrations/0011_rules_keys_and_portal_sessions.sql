-- Up Migration

-- The out-of-order rule: a number of failures in a row, and the time since the first of them. Both
-- null: no rule.
alter table subscriptions add column out_of_order_after_seconds integer default 432000;
alter table subscriptions add column out_of_order_min_failures integer default 10;
alter table subscriptions add constraint subscriptions_out_of_order_rule
  check ((out_of_order_after_seconds is null) = (out_of_order_min_failures is null));

-- Sealed private ed25519 keys. They are in the subscription's row, so that subscriptions without a
-- key cost no join.
alter table subscriptions add column signing_key bytea;
alter table subscriptions add column signing_key_sealed_by text;
alter table subscriptions add column signing_key_created_at timestamptz;
-- The previous key, which also signs until `old_signing_key_until`.
alter table subscriptions add column old_signing_key bytea;
alter table subscriptions add column old_signing_key_sealed_by text;
alter table subscriptions add column old_signing_key_until timestamptz;

-- Recreated unchanged: a view keeps the columns that its tables had when it was created.
drop view subscription_states;
create view subscription_states as
select
  s.*,
  case
    when not s.enabled then 'disabled'
    when s.out_of_order_at is not null then 'out-of-order'
    when not s.url_approved then 'awaiting-approval'
    when s.verification_status <> 'verified' and exists (
      select from products p
      where p.id = coalesce(s.product_id, c.product_id) and p.require_verification
    ) then 'unverified'
    else 'enabled'
  end as status,
  c.product_id as customer_product_id,
  c.retry_schedule as customer_retry_schedule
from subscriptions s
join customers c on c.id = s.customer_id
where s.deleted_at is null;

-- Operational events, which are delivered like any other event. An existing product or type with
-- this name is kept.
insert into products (id, name, enabled) values ('signpost', 'Signpost''s own events', true) on conflict do nothing;
insert into event_types (name, product_id, description, schema, sample) values (
  'signpost.subscription.out-of-order.v1',
  'signpost',
  'A subscription was switched off by Signpost: its receiver answered 410, or nothing was delivered to it for too long.',
  '{"type":"object","required":["subscriptionId","customerId","name","reason","at","failuresSinceLastSuccess"],"properties":{"subscriptionId":{"type":"string"},"customerId":{"type":"string"},"name":{"type":"string"},"reason":{"type":"string"},"at":{"type":"string","format":"date-time"},"failuresSinceLastSuccess":{"type":"integer"}}}',
  '{"subscriptionId":"sub_01m83z393me01aqe5h2137m1gt","customerId":"customer1","name":"payments","reason":"the receiver answered 410 Gone","at":"2026-01-31T12:00:00.000Z","failuresSinceLastSuccess":1}'
) on conflict do nothing;

-- Portal sessions. A token is valid while its row exists.
create table portal_sessions (
  id uuid primary key,
  customer_id text not null references customers,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index portal_sessions_expires on portal_sessions (expires_at);
