-- Up Migration

-- Retention in two steps. When its payload days are over, an event keeps its row without `data`, and
-- an attempt without its headers and bodies. When its history days are over, the rows go.
--
-- Dropping `not null` and adding a column without default change the catalog only. They need a short
-- lock on the tables, and give way to a writer that keeps its transaction open.
set local lock_timeout = '2s';

-- Null: the payload has expired.
alter table events alter column data drop not null;
alter table attempts alter column request_headers drop not null;

-- The product whose retention applies; null for attempts older than this column, to which that of
-- the installation applies.
alter table attempts add column product_id text;

-- Days; null: as the installation is configured.
alter table products add column retention_payload_days integer;
alter table products add column retention_history_days integer;

-- What retention has done to the rows of a day. A day is looked at again only when its signature
-- would change: the list of the products to which a limit applies by now.
create table retained_days (
  table_name text not null,
  day date not null,
  signature text not null,
  -- Open notifications of the day. What they need is kept until they are closed.
  open_notifications bigint not null default 0,
  done_at timestamptz not null default now(),
  primary key (table_name, day)
);
