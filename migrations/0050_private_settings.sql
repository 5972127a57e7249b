-- Up Migration

-- Headers, authentication and TLS credentials of deliveries, as JSON sealed with the master key:
-- AES-256-GCM like the secrets, with the subscription's id as additional data. Null if there are
-- none. The column `headers` holds those that were written before, until maintenance seals them. A
-- process of the previous version still writes it, so its headers win while it is not empty.
alter table subscriptions add column private_settings bytea;
alter table subscriptions add column private_settings_sealed_by text;
-- The allow-list has to approve the token URL of OAuth 2 too, so it is not sealed.
alter table subscriptions add column token_url text;

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
where s.deleted_at is null and not c.erasing;
