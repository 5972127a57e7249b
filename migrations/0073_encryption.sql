-- Up Migration

-- The public key that bodies are encrypted with, and the algorithm: {"publicKey": …, "algorithm": …}.
-- Null: bodies are sent in the clear. A process of an earlier version ignores it.
alter table subscriptions add column encryption jsonb;
-- `subscription_states` shows it once 0080 has recreated the view.
