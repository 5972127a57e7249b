import { uuidFloor } from '../../domain/ids';
import type { Executor } from '../db/database';
import { DAY_MS } from '../db/partition-catalog';

interface Owner {
  customerId: string | null;
  productId: string | null;
}

/**
 * Locks the owner, so that concurrent creations count each other. Accepting events and references
 * to the owner do not wait for this lock.
 */
async function lockOwner(db: Executor, { customerId, productId }: Owner): Promise<void> {
  if (customerId !== null)
    await db.query({ text: 'select from customers where id = $1 for no key update', values: [customerId] });
  else if (productId !== null)
    await db.query({ text: 'select from products where id = $1 for no key update', values: [productId] });
}

async function countOf(db: Executor, owner: Owner, text: string, values: unknown[]): Promise<number> {
  await lockOwner(db, owner);
  const { rows } = await db.query<{ count: number }>({ text, values });
  return rows[0]!.count;
}

/** Counts a customer's subscriptions; on a shared customer, those of the same product. */
export function countSubscriptions(db: Executor, owner: Owner): Promise<number> {
  return countOf(
    db,
    owner,
    `select count(*) from subscriptions
     where customer_id = $1 and coalesce(product_id, '') = coalesce($2, '') and deleted_at is null`,
    [owner.customerId, owner.productId],
  );
}

/** Counts a product's event types, except archived ones. */
export function countEventTypes(db: Executor, owner: Owner): Promise<number> {
  return countOf(db, owner, 'select count(*) from event_types where product_id = $1 and not archived', [
    owner.productId,
  ]);
}

/** Counts a customer's portal sessions that have not expired. */
export function countPortalSessions(db: Executor, owner: Owner): Promise<number> {
  return countOf(db, owner, 'select count(*) from portal_sessions where customer_id = $1 and expires_at > now()', [
    owner.customerId,
  ]);
}

/** Counts a customer's inboxes of Play; on a shared customer, those of the same product. */
export function countPlayInboxes(db: Executor, owner: Owner): Promise<number> {
  return countOf(
    db,
    owner,
    `select count(*) from play_inboxes
     where customer_id = $1 and coalesce(product_id, '') = coalesce($2, '') and expires_at > now()`,
    [owner.customerId, owner.productId],
  );
}

/**
 * Counts the deploys of a customer, or of a product itself, that were marked in the last 24 hours;
 * on a shared customer, those of the same product.
 */
export function countDeploys(db: Executor, owner: Owner): Promise<number> {
  return countOf(
    db,
    owner,
    `select count(*) from deploys
     where customer_id is not distinct from $1 and coalesce(product_id, '') = coalesce($2, '') and id >= $3`,
    [owner.customerId, owner.productId, uuidFloor(Date.now() - DAY_MS)],
  );
}

/**
 * Counts the API keys and OAuth clients of a product, a customer or the installation that are not
 * revoked.
 */
export function countActiveCredentials(db: Executor, owner: Owner): Promise<number> {
  return countOf(
    db,
    owner,
    `select (select count(*) from api_keys where ${ACTIVE_OF_OWNER}) + (select count(*) from oauth_clients where ${ACTIVE_OF_OWNER}) as count`,
    [owner.customerId, owner.productId],
  );
}

const ACTIVE_OF_OWNER =
  'revoked_at is null and customer_id is not distinct from $1 and product_id is not distinct from $2';
