-- Up Migration
-- Credentials end, are used, and are replaced: while `previous_expires_at` is ahead, the hash before the
-- last rotation is accepted as well.
alter table api_keys
  add column expires_at timestamptz,
  add column last_used_at timestamptz,
  add column previous_hash bytea,
  add column previous_expires_at timestamptz;
create unique index api_keys_previous_hash on api_keys (previous_hash) where previous_hash is not null;

alter table oauth_clients
  add column expires_at timestamptz,
  add column last_used_at timestamptz,
  add column previous_secret_hash bytea,
  add column previous_expires_at timestamptz;
