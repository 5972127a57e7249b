import type { ErasedKind } from '../../domain/erasure';
import { decodeId, encodeId } from '../../domain/ids';
import type { Database, Executor } from '../db/database';
import { addCounts } from './erasures';

const PAGE = 1000;

interface Belonging {
  table: string;
  kind: ErasedKind;
  /** Condition of the rows; $1 is the customer. */
  where: string;
}

const OF_CUSTOMER = 'customer_id = $1';
const OF_SUBSCRIPTION = 'subscription_id in (select id from subscriptions where customer_id = $1)';

export const ACTIVITY: Belonging = { table: 'activity', kind: 'activity', where: OF_CUSTOMER };

/** Tables with rows of a customer, apart from the history. What refers to others comes first. */
export const BELONGINGS: readonly Belonging[] = [
  {
    table: 'secret_links',
    kind: 'secretLinks',
    where: `secret_id in (select id from subscription_secrets where ${OF_SUBSCRIPTION})`,
  },
  { table: 'subscription_secrets', kind: 'secrets', where: OF_SUBSCRIPTION },
  { table: 'challenges', kind: 'challenges', where: OF_SUBSCRIPTION },
  { table: 'recovery_items', kind: 'recoveryItems', where: OF_CUSTOMER },
  { table: 'recoveries', kind: 'recoveries', where: `${OF_SUBSCRIPTION} or ${OF_CUSTOMER}` },
  { table: 'subscription_event_statistics', kind: 'statistics', where: OF_SUBSCRIPTION },
  { table: 'subscription_attempt_statistics', kind: 'statistics', where: OF_SUBSCRIPTION },
  { table: 'response_times', kind: 'statistics', where: OF_SUBSCRIPTION },
  { table: 'subscription_day_statistics', kind: 'statistics', where: OF_SUBSCRIPTION },
  { table: 'rate_lines', kind: 'statistics', where: OF_SUBSCRIPTION },
  { table: 'operational_outbox', kind: 'operationalEvents', where: OF_SUBSCRIPTION },
  { table: 'operational_states', kind: 'statistics', where: OF_SUBSCRIPTION },
  { table: 'releases', kind: 'statistics', where: OF_SUBSCRIPTION },
  {
    table: 'play_requests',
    kind: 'playRequests',
    where: `inbox_id in (select id from play_inboxes where ${OF_CUSTOMER})`,
  },
  { table: 'play_inboxes', kind: 'playInboxes', where: OF_CUSTOMER },
  { table: 'deploys', kind: 'deploys', where: OF_CUSTOMER },
  { table: 'subscriptions', kind: 'subscriptions', where: OF_CUSTOMER },
  { table: 'api_keys', kind: 'apiKeys', where: OF_CUSTOMER },
  {
    table: 'oauth_refresh_tokens',
    kind: 'refreshTokens',
    where: 'client_id in (select id from oauth_clients where customer_id = $1)',
  },
  { table: 'oauth_clients', kind: 'oauthClients', where: OF_CUSTOMER },
  { table: 'portal_sessions', kind: 'portalSessions', where: OF_CUSTOMER },
  { table: 'url_allowlist', kind: 'allowlistEntries', where: OF_CUSTOMER },
];

/** Deletes a page of rows of the customer from one table. @returns whether rows may be left */
export async function deleteBelongings(
  db: Database,
  erasureId: string,
  customerId: string,
  { table, kind, where }: Belonging,
): Promise<boolean> {
  return db.transaction(async (executor) => {
    const { rowCount } = await executor.query({
      text: `delete from ${table} where ctid = any (array(select ctid from ${table} where ${where} limit ${PAGE}))`,
      values: [customerId],
    });
    if (rowCount) await addCounts(executor, erasureId, { [kind]: rowCount });
    return (rowCount ?? 0) > 0;
  });
}

/** @returns the ids of the customer's subscriptions, those included that were deleted before */
export async function listSubscriptionIds(db: Executor, customerId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: 'select id from subscriptions where customer_id = $1 order by id',
    values: [customerId],
  });
  return rows.map(({ id }) => encodeId('sub', id));
}

/** @returns the ids of the recoveries of the customer and its subscriptions */
export async function listRecoveryIds(db: Executor, customerId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: `select id from recoveries where ${OF_SUBSCRIPTION} or ${OF_CUSTOMER} order by id`,
    values: [customerId],
  });
  return rows.map(({ id }) => encodeId('rec', id));
}

/** Deletes the customer and completes the erasure, which names them no longer. */
export async function finishErasure(db: Database, erasureId: string, customerId: string): Promise<void> {
  await db.transaction(async (executor) => {
    await executor.query({ text: 'delete from customers where id = $1', values: [customerId] });
    await executor.query({
      text: `update erasures set status = 'completed', phase = 'finished', phase_since = now(), customer_id = null, progressed_at = now(), finished_at = now()
             where id = $1 and status = 'running'`,
      values: [decodeId('ers', erasureId)],
    });
  });
}

/**
 * Whether a transaction that began before the current phase has not ended. Its statements may not
 * see what was committed since.
 */
export async function hasOlderTransactions(db: Executor, erasureId: string): Promise<boolean> {
  const { rowCount } = await db.query({
    text: `select from pg_stat_activity
           where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
             and xact_start <= (select phase_since from erasures where id = $1) limit 1`,
    values: [decodeId('ers', erasureId)],
  });
  return rowCount === 1;
}
