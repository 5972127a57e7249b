-- Up Migration

-- Sessions of the web UI: the cookie holds a random token, of which only the hash is kept here.
create table sessions (
  token_hash bytea primary key,
  -- The credential that was signed in with, sealed as secrets are: it is held against what holds now with every call, so revoking it ends its sessions.
  credential bytea not null,
  credential_key_id text not null,
  csrf_token text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now()
);
create index sessions_expires on sessions (expires_at);
