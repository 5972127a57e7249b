-- Up Migration

-- Products, event types, customers, subscriptions -------------------------------------------------

create table products (
  id text primary key,
  name text not null,
  enabled boolean not null default false,
  require_verification boolean not null default false,
  created_at timestamptz not null default now(),
  modified_at timestamptz not null default now()
);

create table event_types (
  name text primary key,
  product_id text not null references products,
  description text not null default '',
  schema jsonb,
  sample jsonb,
  archived boolean not null default false,
  -- Increases with every change of the schema. An accept names the version it validated against, so
  -- no process can accept events by a schema that another process has replaced.
  version integer not null default 1,
  created_at timestamptz not null default now(),
  modified_at timestamptz not null default now()
);
create index event_types_product on event_types (product_id, name);

create table customers (
  id text primary key,
  name text not null,
  product_id text references products,
  retry_schedule integer[] not null default '{30,300,1800,7200}',
  created_at timestamptz not null default now(),
  modified_at timestamptz not null default now()
);
create index customers_product on customers (product_id, id);

create table subscriptions (
  id uuid primary key,
  customer_id text not null references customers,
  product_id text references products,
  name text not null,
  description text not null default '',
  url text not null,
  method text not null default 'POST',
  enabled boolean not null default true,
  -- Set by the service after a 410 or by the out-of-order rule; cleared by enabling.
  out_of_order_at timestamptz,
  out_of_order_reason text,
  -- Whether the URL is on the allow-list; updated by the code that changes the URL or the list.
  url_approved boolean not null,
  verification_status text not null default 'unverified',
  verification_at timestamptz,
  event_types text[] not null,
  -- The patterns in event_types as one regular expression; null if there are none.
  event_type_regex text,
  channels text[] not null default '{}',
  headers jsonb not null default '{}',
  format text not null default 'standard',
  custom_data jsonb not null default '{}',
  retry_schedule integer[],
  timeout_seconds integer not null default 15,
  rate_limit_per_second double precision,
  -- The earliest moment at which the rate limit allows the next attempt.
  rate_next_at timestamptz,
  -- Attempts run in the slow lane until this time.
  slow_until timestamptz,
  -- While set, a settlement is running: new notifications are held, to queue behind the held ones.
  settling_since timestamptz,
  created_at timestamptz not null default now(),
  modified_at timestamptz not null default now(),
  deleted_at timestamptz
);
-- Per product: on a shared customer, a taken name must not reveal a subscription of another
-- product.
create unique index subscriptions_name on subscriptions (customer_id, coalesce(product_id, ''), name) where deleted_at is null;
create index subscriptions_settling on subscriptions (settling_since) where settling_since is not null;
create index subscriptions_product on subscriptions (product_id, id) where deleted_at is null;

create table subscription_secrets (
  id uuid primary key,
  subscription_id uuid not null references subscriptions,
  -- AES-256-GCM: 12 bytes nonce, ciphertext, 16 bytes tag. The additional data is the subscription
  -- id.
  ciphertext bytea not null,
  -- The master key that encrypted it.
  key_id text not null,
  created_at timestamptz not null default now(),
  -- Null for the current secret. A previous secret also signs until this time.
  expires_at timestamptz
);
create index subscription_secrets_subscription on subscription_secrets (subscription_id);

-- The status of a subscription is derived from these columns and not stored, so it cannot disagree
-- with them.
create view subscription_states as
select
  s.*,
  case
    when not s.enabled then 'disabled'
    when s.out_of_order_at is not null then 'out-of-order'
    when not s.url_approved then 'awaiting-approval'
    when s.verification_status <> 'verified' and exists (
      select from products p
      where p.id = coalesce(s.product_id, c.product_id) and p.require_verification
    ) then 'unverified'
    else 'enabled'
  end as status,
  c.product_id as customer_product_id,
  c.retry_schedule as customer_retry_schedule
from subscriptions s
join customers c on c.id = s.customer_id
where s.deleted_at is null;

create table url_allowlist (
  id uuid primary key,
  pattern text not null,
  -- Null: applies to all customers.
  customer_id text references customers,
  -- The product that requested it; null if an admin created it.
  product_id text references products,
  status text not null,
  requested_by text not null,
  decided_by text,
  created_at timestamptz not null default now(),
  decided_at timestamptz
);
create unique index url_allowlist_pattern on url_allowlist (pattern, coalesce(customer_id, ''), coalesce(product_id, ''));

create table api_keys (
  id uuid primary key,
  name text not null,
  role text not null,
  product_id text references products,
  customer_id text references customers,
  -- SHA-256. Keys are random, so they need no slow hash.
  hash bytea not null unique,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

create table challenges (
  id uuid primary key,
  subscription_id uuid not null references subscriptions,
  status text not null,
  response_status integer,
  detail text not null,
  duration_ms integer not null,
  at timestamptz not null default now()
);
create index challenges_subscription on challenges (subscription_id, id desc);

create table audit (
  id uuid primary key,
  at timestamptz not null default now(),
  actor_id text not null,
  actor_name text not null,
  action text not null,
  object text not null,
  product_id text,
  detail jsonb not null default '{}'
);

create table idempotency_keys (
  -- The credential: two callers may choose the same key.
  principal_id text not null,
  key text not null,
  request_hash bytea not null,
  -- The first answer. It is sealed, because some answers show a secret once.
  answer bytea not null default '',
  answer_key_id text not null default '',
  created_at timestamptz not null default now(),
  primary key (principal_id, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);

-- Facts about the installation, such as the settings on which stored decisions are based.
create table installation (
  name text primary key,
  value jsonb not null
);

-- Events, notifications, attempts: partitioned by id, which means by day --------------------------

create table events (
  id uuid primary key,
  -- The id that the producer chose; null if the id was generated.
  given_id text,
  product_id text not null,
  type text not null,
  customer_id text,
  channels text[] not null,
  occurred_at timestamptz not null,
  -- json, unlike jsonb, keeps the producer's numbers and order of fields.
  data json not null,
  user_context json,
  accepted_at timestamptz not null default now()
) partition by range (id);
create index events_product on events (product_id, id);

-- Ids that producers chose. A row here makes posting the event again harmless.
create table event_keys (
  product_id text not null,
  given_id text not null,
  event_id uuid not null,
  body_hash bytea not null,
  primary key (product_id, given_id)
);
create index event_keys_given on event_keys (given_id);

create table notifications (
  -- The first half is that of the event's id (time and counter), the second is random: sorts in
  -- order of acceptance.
  id uuid primary key,
  event_id uuid not null,
  subscription_id uuid not null,
  customer_id text not null,
  product_id text not null,
  event_type text not null,
  status text not null,
  -- The status in the first answer to the producer: `pending` or `held`.
  accepted_as text not null,
  retry_schedule integer[] not null,
  attempt_count integer not null default 0,
  -- When the current ladder began (accepted, or reopened), and the number of attempts before it.
  opened_at timestamptz not null default now(),
  ladder_base integer not null default 0,
  -- Attempt key of the last recorded attempt, `<workflow run id>:<sequence in the run>`: it is
  -- recorded only once.
  last_attempt_key text,
  last_attempt_id uuid,
  last_response_status integer,
  last_error_class text,
  last_error_message text,
  next_attempt_at timestamptz,
  -- A manual retry was requested; cleared when the attempt begins.
  retry_asked boolean not null default false,
  -- When the reconciler checks that a workflow is running; null once closed or held.
  reconcile_after timestamptz,
  created_at timestamptz not null default now(),
  finished_at timestamptz
) partition by range (id);
create index notifications_event on notifications (event_id);
create index notifications_subscription on notifications (subscription_id, id);
create index notifications_customer on notifications (customer_id, id);
create index notifications_open on notifications (subscription_id, status, id) where status in ('pending', 'delivering', 'retrying', 'held');
create index notifications_failed on notifications (subscription_id, id) where status = 'failed';
create index notifications_reconcile on notifications (reconcile_after) where reconcile_after is not null;

create table attempts (
  id uuid primary key,
  notification_id uuid not null,
  subscription_id uuid not null,
  number integer not null,
  trigger text not null,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  duration_ms integer not null,
  response_status integer,
  error_class text,
  error_message text,
  request_method text not null,
  request_url text not null,
  request_headers json not null,
  -- Null if the body follows from the event alone (format standard), or if there was no body.
  request_body text,
  response_headers json,
  response_body text,
  response_truncated boolean not null default false,
  workflow_id text not null
) partition by range (id);
create index attempts_notification on attempts (notification_id, number);

-- The default partitions take rows without a daily partition, so an insert never fails because of
-- missed maintenance.
create table events_default partition of events default;
create table notifications_default partition of notifications default;
create table attempts_default partition of attempts default;
