-- Up Migration

set local lock_timeout = '2s';

-- Where the trace of an event continues: the header `traceparent` of W3C Trace Context, 55
-- characters. Null: its producer sent none, and traces were off. It goes with the row of the event.
-- Without a default, so that no row is written.
alter table events
  add column traceparent text;
