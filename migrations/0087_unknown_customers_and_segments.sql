-- Up Migration

-- Whether an event for a customer that does not exist is refused, or stored without
-- notifications. A segment groups product lines.
alter table products
  add column unknown_customers text not null default 'refuse' check (unknown_customers in ('refuse', 'accept')),
  add column segment text;
create index products_segment on products (segment, id) where segment is not null;
