-- Up Migration

-- Erasure of customers: a workflow removes a customer and everything of theirs in batches. From the
-- moment when it is requested nobody finds the customer any more: this column is one switch for the
-- customer and, through the view, for all of their subscriptions, those included that a transaction
-- adds at the same moment. A constant default rewrites no table.
set local lock_timeout = '2s';
alter table customers add column erasing boolean not null default false;

-- As before, without the subscriptions of customers who are being erased.
create or replace view subscription_states as
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
where s.deleted_at is null and not c.erasing;

-- An erasure, and afterwards its receipt.
create table erasures (
  id uuid primary key,
  -- Null from the moment when the erasure has finished: the id may be derived from personal data.
  customer_id text,
  -- The product that owned the customer; null if all products shared the customer.
  product_id text references products,
  status text not null default 'running',
  phase text not null,
  phase_since timestamptz not null default now(),
  -- The number of removed rows and workflow runs by kind.
  counts jsonb not null default '{}',
  -- Time of the last progress. After a while without progress, the reconciler makes sure that a
  -- workflow is running.
  progressed_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create unique index erasures_customer on erasures (customer_id) where customer_id is not null;
create index erasures_product on erasures (product_id, id);
create index erasures_running on erasures (progressed_at) where status = 'running';
