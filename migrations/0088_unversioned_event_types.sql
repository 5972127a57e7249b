-- Up Migration

-- Finds the versions of an event type by its name without the version.
create index event_types_unversioned on event_types (regexp_replace(name, '\.v[0-9]+$', '')) where name ~ '\.v[0-9]+$';
