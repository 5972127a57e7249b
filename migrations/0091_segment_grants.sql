-- Up Migration

set local lock_timeout = '2s';

-- A credential may be granted a segment in place of one product. It gets the products that are in
-- the segment when it is used.
alter table api_keys
  add column segment text,
  add constraint api_keys_one_grant check (segment is null or product_id is null and customer_id is null);
alter table oauth_clients
  add column segment text,
  add constraint oauth_clients_one_grant check (segment is null or product_id is null and customer_id is null);
