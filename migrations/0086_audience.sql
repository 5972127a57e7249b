-- Up Migration

-- Whose events a customer's subscriptions get: its own, or those of its product for every customer.
alter table customers add column audience text not null default 'self' check (audience in ('self', 'product'));
-- The accept statement looks these customers up for every event.
create index customers_product_audience on customers (product_id, id) where audience = 'product';

-- Default customers of webhooks by URL hear every event of their product. The ids named a credential
-- before they named the product; the last form stands for a product with a long id.
update customers set audience = 'product'
where product_id is not null and (
  id ~ '^webhooks-(key|cli)_' or id = 'webhooks-' || product_id or id = 'webhooks-' || encode(sha256(convert_to(product_id, 'UTF8')), 'hex')
);

-- Whether the customer chose the secret. Format flat contains only a secret that the receiver was given.
-- Those that exist keep appearing, so the bodies of their subscriptions do not change.
alter table subscription_secrets add column chosen boolean not null default true;
