-- Up Migration

-- Service definitions and transforms, whose result replaces the event's data in the body. Without
-- either, an attempt reads two nulls.

alter table subscriptions add column transform jsonb;

create table service_definitions (
  event_type text primary key references event_types,
  definition jsonb not null,
  created_at timestamptz not null default now(),
  modified_at timestamptz not null default now()
);

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
