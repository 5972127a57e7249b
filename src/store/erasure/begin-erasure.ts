import { newUuid } from '../../domain/ids';
import type { Erasure } from '../../domain/erasure';
import type { Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { COLUMNS, toErasure, type Row } from './erasures';

/** An erasure that was requested. */
export interface RequestedErasure {
  erasure: Erasure;
  /** False if it was running already. */
  begun: boolean;
}

/**
 * Begins the erasure of a customer. From the commit on, nobody finds the customer, and none of
 * their credentials and subscriptions works. Call it in a transaction.
 *
 * @returns undefined if there is no such customer in scope; a product may erase only its own
 */
export async function beginErasure(
  db: Executor,
  customerId: string,
  scope: Pick<Scope, 'productIds'>,
): Promise<RequestedErasure | undefined> {
  // The lock waits for transactions that have added something which refers to the customer.
  const { rows } = await db.query<{ product_id: string | null; erasing: boolean }>({
    text: `select product_id, erasing from customers
           where id = $1 and ($2::text[] is null or product_id = any ($2)) for update`,
    values: [customerId, scope.productIds ?? null],
  });
  const [customer] = rows;
  if (!customer) return undefined;
  if (customer.erasing) return { erasure: await findRunning(db, customerId), begun: false };
  const values = [customerId];
  await db.query({ text: 'update customers set erasing = true where id = $1', values });
  await db.query({ text: 'select from subscriptions where customer_id = $1 order by id for update', values });
  // The out-of-order rule and others leave deleted subscriptions alone.
  await db.query({
    text: `update subscriptions set deleted_at = coalesce(deleted_at, now()), settling_since = null, signing_key = null, old_signing_key = null
           where customer_id = $1`,
    values,
  });
  await db.query({
    text: `update recoveries set status = 'failed', finished_at = now()
           where status = 'running' and (customer_id = $1 or subscription_id in (select id from subscriptions where customer_id = $1))`,
    values,
  });
  for (const table of ['api_keys', 'oauth_clients'])
    await db.query({
      text: `update ${table} set revoked_at = coalesce(revoked_at, now()) where customer_id = $1`,
      values,
    });
  await db.query({ text: 'update portal_sessions set expires_at = now() where customer_id = $1', values });
  return { erasure: await insertErasure(db, customerId, customer.product_id), begun: true };
}

async function insertErasure(db: Executor, customerId: string, productId: string | null): Promise<Erasure> {
  const { rows } = await db.query<Row>({
    text: `insert into erasures (id, customer_id, product_id, phase) values ($1, $2, $3, 'cancelling') returning ${COLUMNS}`,
    values: [newUuid(), customerId, productId],
  });
  return toErasure(rows[0]!);
}

async function findRunning(db: Executor, customerId: string): Promise<Erasure> {
  const { rows } = await db.query<Row>({
    text: `select ${COLUMNS} from erasures where customer_id = $1`,
    values: [customerId],
  });
  return toErasure(rows[0]!);
}
