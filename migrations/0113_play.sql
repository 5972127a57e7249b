-- Up Migration

set local lock_timeout = '2s';

-- Inboxes of Play, the built-in test receiver. Whoever knows the token can send requests to an inbox.
create table play_inboxes (
  id uuid primary key,
  token text not null unique,
  customer_id text not null references customers,
  product_id text references products,
  name text not null,
  response_status int not null,
  delay_seconds int not null,
  response_body text not null,
  created_at timestamptz not null default now(),
  modified_at timestamptz not null default now(),
  -- Some time after the last request or change.
  expires_at timestamptz not null
);
create index play_inboxes_customer on play_inboxes (customer_id, id desc);
create index play_inboxes_expires on play_inboxes (expires_at);

-- What the inboxes captured. Secrets are masked before they are stored.
create table play_requests (
  id uuid primary key,
  inbox_id uuid not null references play_inboxes on delete cascade,
  method text not null,
  query text not null,
  headers jsonb not null,
  body text not null,
  body_bytes int not null,
  body_truncated boolean not null,
  response_status int not null,
  signature_status text not null,
  signature_detail text not null,
  subscription_id uuid,
  event_id text,
  notification_id text,
  expires_at timestamptz not null
);
create index play_requests_inbox on play_requests (inbox_id, id desc);
create index play_requests_expires on play_requests (expires_at);
