-- Up Migration

-- A link that opens once is used up by the first browser. `return_url` leads back to the page that
-- the customer came from.
alter table portal_sessions
  add column once boolean not null default false,
  add column used_at timestamptz,
  add column return_url text;
