-- Up Migration

-- One row per master key that seals, or did: while the key is rotated there are two. A process of
-- the previous version finds its own key's row as before.
set local lock_timeout = '2s';
alter table master_key_check drop column singleton;
alter table master_key_check add primary key (key_id);
-- Seals made with the key, counted every few seconds: AES-GCM with random nonces allows 2^32.
alter table master_key_check add column seals bigint not null default 0;
-- When a process last reported that it seals with the key.
alter table master_key_check add column seen_at timestamptz;
-- When a rotation found no value left that the key sealed.
alter table master_key_check add column retired_at timestamptz;
