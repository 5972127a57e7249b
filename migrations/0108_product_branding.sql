-- Up Migration

set local lock_timeout = '2s';

-- How the portals of a product's customers look; null: as Signpost. Without a default, so that no
-- row is written.
alter table products
  add column branding_name text,
  add column branding_logo_url text,
  add column branding_accent_color text;
