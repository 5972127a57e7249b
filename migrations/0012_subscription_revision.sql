-- Up Migration

-- Changes with every change of a subscription, so that a process can see whether its cached state
-- is current. Triggers, so that no statement can omit it. A constant default rewrites no table.
alter table subscriptions add column revision bigint not null default 0;

create function next_subscription_revision() returns trigger language plpgsql as $$
begin
  new.revision := old.revision + 1;
  return new;
end $$;
create trigger subscriptions_revision before update on subscriptions for each row execute function next_subscription_revision();

-- A change of a secret is a change of its subscription.
create function touch_subscription_of_secret() returns trigger language plpgsql as $$
begin
  update subscriptions set revision = revision where id = coalesce(new.subscription_id, old.subscription_id);
  return null;
end $$;
create trigger subscription_secrets_revision after insert or update or delete on subscription_secrets
  for each row execute function touch_subscription_of_secret();

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
