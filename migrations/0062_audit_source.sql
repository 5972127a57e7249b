-- Up Migration

-- Where a request came from, whom it concerned, and the old and new values. An entry may stand for
-- several occurrences within a minute: refusals, sign-ins by token and reads of payloads are counted.
-- The product is the one that may see the entry: the actor's, or the one that owns the object.
-- Constant defaults rewrite no table.
set local lock_timeout = '2s';
alter table audit
  add column customer_id text,
  add column address text,
  add column request_id text,
  add column occurrences integer not null default 1,
  add column changes jsonb not null default '{}';
