-- Up Migration

-- A result belongs to the configuration that produced it. `receiver_revision` changes with the URL,
-- the method, the headers, the authentication and the TLS credentials. `failure_period` changes with
-- it, and when the subscription is enabled: the out-of-order rule counts within a period. The column
-- `revision` changes with every update, so it cannot show either.
alter table subscriptions add column receiver_revision bigint not null default 0;
alter table subscriptions add column failure_period bigint not null default 0;
-- Set while waiting notifications have to be planned again, because the retry schedule was changed.
alter table subscriptions add column rescheduling_since timestamptz;
create index subscriptions_rescheduling on subscriptions (rescheduling_since) where rescheduling_since is not null;

-- What the out-of-order rule counts: the failures since the last success in the newest period in
-- which an attempt began.
alter table subscription_attempt_statistics add column period bigint not null default 0;
alter table subscription_attempt_statistics add column period_failures bigint not null default 0;
alter table subscription_attempt_statistics add column period_failing_since timestamptz;
alter table subscription_attempt_statistics add column period_success_at timestamptz;
update subscription_attempt_statistics t
set period_failures = t.failures_since_success, period_failing_since = greatest(t.failing_since, s.modified_at)
from subscriptions s
where s.id = t.subscription_id and t.failing_since is not null;

-- Recreated unchanged: a view keeps the columns that its tables had when it was created.
drop view subscription_states;
create view subscription_states as
select
  s.*,
  case
    when not s.enabled then 'disabled'
    when s.out_of_order_at is not null then 'out-of-order'
    when not s.url_approved then 'awaiting-approval'
    when s.verification_status <> 'verified' and case
      when coalesce(s.product_id, c.product_id) is null then exists (select from products where require_verification)
      else exists (
        select from products p
        where p.id = coalesce(s.product_id, c.product_id) and p.require_verification
      )
    end then 'unverified'
    else 'enabled'
  end as status,
  c.product_id as customer_product_id,
  c.retry_schedule as customer_retry_schedule
from subscriptions s
join customers c on c.id = s.customer_id
where s.deleted_at is null and not c.erasing;
