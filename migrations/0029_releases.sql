-- Up Migration

-- The progress of releases. A row exists while a settlement releases the held notifications of a
-- subscription. It is deleted when none is left.
create table releases (
  subscription_id uuid primary key,
  -- The number of held notifications when the release began.
  backlog bigint not null,
  -- How many have been released since, those included that were held meanwhile.
  released bigint not null default 0,
  started_at timestamptz not null default now(),
  progressed_at timestamptz not null default now()
) with (fillfactor = 50);
