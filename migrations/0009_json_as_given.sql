-- Up Migration

-- JSON is returned as it was written. jsonb keeps neither the order of fields nor the digits of
-- numbers.
alter table event_types alter column schema type json using schema::text::json;
alter table event_types alter column sample type json using sample::text::json;

drop view subscription_states;
alter table subscriptions alter column custom_data drop default;
alter table subscriptions alter column custom_data type json using custom_data::text::json;
alter table subscriptions alter column custom_data set default '{}';
alter table subscriptions alter column headers drop default;
alter table subscriptions alter column headers type json using headers::text::json;
alter table subscriptions alter column headers set default '{}';
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
