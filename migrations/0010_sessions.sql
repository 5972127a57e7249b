-- Up Migration

-- Browser sessions of the web UI. The cookie contains a random token, of which only the hash is
-- stored.
create table sessions (
  token_hash bytea primary key,
  -- The sealed credential that was used to sign in. Every request checks it again, so revoking it
  -- ends its sessions.
  credential bytea not null,
  credential_key_id text not null,
  csrf_token text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now()
);
create index sessions_expires on sessions (expires_at);
