-- Up Migration

-- A text that the first process sealed with its master key. A process that cannot open it has
-- another key, and does not start.
create table master_key_check (
  singleton boolean primary key default true check (singleton),
  ciphertext bytea not null,
  key_id text not null,
  created_at timestamptz not null default now()
);
