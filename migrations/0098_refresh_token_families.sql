-- Up Migration

set local lock_timeout = '2s';

-- A refresh token and its successors are a family, with one row for the latest (RFC 9700 §4.14.2).
-- An older one that is sent again names the family that ends. Tokens without a family end now:
-- their clients ask for another one with their credentials. The default is for processes of the
-- version before: their tokens do not name a family, so those of this version refuse them.
delete from oauth_refresh_tokens;
alter table oauth_refresh_tokens add column family uuid not null unique default gen_random_uuid();
