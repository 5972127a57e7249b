-- Up Migration

-- The line of a subscription with a rate limit. Its notifications get consecutive numbers in order of
-- acceptance, and take turns by number. A row of its own and not columns of `subscriptions`, because
-- every turn updates it: that must neither change the revision of the subscription nor wait for a
-- transaction that changes it. The fill factor leaves room for updates on the same page.
create table rate_lines (
  subscription_id uuid primary key,
  -- The number of the next notification that joins the line.
  next_seq bigint not null default 0,
  -- The first number whose turn has not come, and when it comes. Later numbers follow at the distance
  -- that the rate limit demands now, so a changed limit changes no other row.
  front_seq bigint not null default 0,
  front_at timestamptz not null default now(),
  -- When the last turn was taken; null before the first one.
  taken_at timestamptz,
  -- Compared and set by those who take turns, and increased by everyone who moves the front.
  version bigint not null default 0,
  -- Set while the waiting notifications have to be woken, because the limit was changed. Those up to
  -- the number `woken_up_to` have been.
  wake_since timestamptz,
  woken_up_to bigint
) with (fillfactor = 50);
create index rate_lines_wake on rate_lines (wake_since) where wake_since is not null;

-- The number in the line; null outside of it. A nullable column without default rewrites no table.
alter table notifications add column rate_seq bigint;

-- The limits that the API allows: from one attempt a day to 1,000 per second.
update subscriptions set rate_limit_per_second = least(greatest(rate_limit_per_second, 1 / 86400.0::float8), 1000)
where rate_limit_per_second < 1 / 86400.0::float8 or rate_limit_per_second > 1000;
