-- Up Migration

-- A link that shows a subscription's secret once, to hand it over.
create table secret_links (
  -- SHA-256 of the token in the link: who reads the table cannot open one.
  token_hash bytea primary key,
  -- A rotated secret is no longer shown, so that an old link does not give a new secret away.
  secret_id uuid not null references subscription_secrets on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  opened_at timestamptz
);
create index secret_links_secret on secret_links (secret_id);
