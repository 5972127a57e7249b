-- Up Migration

-- When a subscription goes out of order for its failures: so many in a row, the first of them so long ago. Both null: never.
alter table subscriptions add column out_of_order_after_seconds integer default 432000;
alter table subscriptions add column out_of_order_min_failures integer default 10;
alter table subscriptions add constraint subscriptions_out_of_order_rule
  check ((out_of_order_after_seconds is null) = (out_of_order_min_failures is null));

-- Private ed25519 keys, sealed as secrets are; of the subscription's row, so that reading them costs those without one nothing.
alter table subscriptions add column signing_key bytea;
alter table subscriptions add column signing_key_sealed_by text;
alter table subscriptions add column signing_key_created_at timestamptz;
-- The one before; it signs too until then.
alter table subscriptions add column old_signing_key bytea;
alter table subscriptions add column old_signing_key_sealed_by text;
alter table subscriptions add column old_signing_key_until timestamptz;

-- Made anew as it was: the columns of a view are those that its tables had when it was made.
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

-- What Signpost itself tells operators, by the same path as any event. Where somebody has a product or type of that name, it is theirs.
insert into products (id, name, enabled) values ('signpost', 'Signpost''s own events', true) on conflict do nothing;
insert into event_types (name, product_id, description, schema, sample) values (
  'signpost.subscription.out-of-order.v1',
  'signpost',
  'A subscription was switched off by Signpost: its receiver answered 410, or nothing was delivered to it for too long.',
  '{"type":"object","required":["subscriptionId","customerId","name","reason","at","failuresSinceLastSuccess"],"properties":{"subscriptionId":{"type":"string"},"customerId":{"type":"string"},"name":{"type":"string"},"reason":{"type":"string"},"at":{"type":"string","format":"date-time"},"failuresSinceLastSuccess":{"type":"integer"}}}',
  '{"subscriptionId":"sub_01m83z393me01aqe5h2137m1gt","customerId":"customer1","name":"payments","reason":"the receiver answered 410 Gone","at":"2026-01-31T12:00:00.000Z","failuresSinceLastSuccess":1}'
) on conflict do nothing;

-- Live sessions of customers' portals: a token counts while its row is here.
create table portal_sessions (
  id uuid primary key,
  customer_id text not null references customers,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index portal_sessions_expires on portal_sessions (expires_at);
