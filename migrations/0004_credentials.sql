-- Up Migration

create table oauth_clients (
  id uuid primary key,
  name text not null,
  role text not null,
  product_id text references products,
  customer_id text references customers,
  -- SHA-256, as with API keys.
  secret_hash bytea not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

create index audit_actor on audit (actor_id, id);
create index audit_product on audit (product_id, id);
