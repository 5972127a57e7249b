-- Up Migration

-- A subscription of a shared customer that is bound to no product gets the events of every product.
-- So it must be verified if any product demands that. With `coalesce(…) = p.id`, it never had to be.
-- The uncorrelated subquery of that case runs once in a statement.
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
