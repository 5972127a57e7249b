-- Up Migration

-- Refresh tokens of OAuth clients (RFC 6749 §6). Each is used once and replaced by the next.
create table oauth_refresh_tokens (
  -- SHA-256. Tokens are random, so they need no slow hash.
  hash bytea primary key,
  client_id uuid not null references oauth_clients,
  expires_at timestamptz not null
);
create index oauth_refresh_tokens_client on oauth_refresh_tokens (client_id, expires_at);
