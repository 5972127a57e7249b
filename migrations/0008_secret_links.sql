-- Up Migration

-- Links that show a subscription's secret once.
create table secret_links (
  -- SHA-256 of the token in the link: reading the table is not enough to open one.
  token_hash bytea primary key,
  -- The link belongs to one secret, so that an old link does not reveal the secret of a later
  -- rotation.
  secret_id uuid not null references subscription_secrets on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  opened_at timestamptz
);
create index secret_links_secret on secret_links (secret_id);
