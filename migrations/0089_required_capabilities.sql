-- Up Migration

-- Event types may be restricted to customers with certain capabilities. A customer gets events of a
-- type only if it has all that the type requires.
alter table event_types add column requires text[] not null default '{}';
alter table customers add column capabilities text[] not null default '{}';
