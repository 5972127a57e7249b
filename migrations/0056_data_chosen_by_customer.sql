-- Up Migration

-- Whether a customer chose the data, with Trigger Now. A service definition must not look anything up
-- by such data: it could select the rows of other customers. The definition may be made after the
-- event, so each attempt decides. A constant default rewrites no table.
alter table events add column chosen_by_customer boolean not null default false;
