-- Up Migration

-- Counts a customer's active sessions for the quota, and lists them.
create index portal_sessions_customer on portal_sessions (customer_id, expires_at);
