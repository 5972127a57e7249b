-- Up Migration

-- Browser sessions are listed, end when nobody uses them, and belong to people who sign in by OpenID
-- Connect. Sessions of people hold an empty text as their sealed credential, so that the previous
-- version, which looks the credential up, refuses them.
alter table sessions
  add column id uuid not null default gen_random_uuid(),
  -- Who signed in. Null in sessions of the previous version, which are not listed.
  add column principal_id text,
  add column principal_name text,
  add column role text,
  add column product_id text,
  -- The OpenID provider and its id of the person; null in sessions of a credential.
  add column issuer text,
  add column subject text,
  add column address text not null default '',
  add column user_agent text not null default '',
  add column last_used_at timestamptz not null default now(),
  -- When the person, or the credential, was last proven.
  add column authenticated_at timestamptz not null default now();
create unique index sessions_id on sessions (id);
create index sessions_principal on sessions (principal_id, id);
