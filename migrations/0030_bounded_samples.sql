-- Up Migration

-- A generated sample had no bound. One that is larger than an event cannot be sent, and makes lists slow.
update event_types set sample = null where octet_length(sample::text) > 256 * 1024;
