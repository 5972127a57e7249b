import { decodeId, newUuid } from '../../domain/ids';
import type { Recovery, RecoveryFilter } from '../../domain/recovery';
import type { Executor } from '../db/database';
import { RECOVERY_COLUMNS, toRecovery, type RecoveryRow } from './recoveries';
import type { FilterTask, Sought } from './recovery-items';

/** A recovery of notifications that match a filter. */
export interface NewFilterRecovery extends Sought {
  ratePerSecond: number;
  total: number;
  /** To whom it is visible; null: to those who see all. */
  productId: string | null;
  customerId: string | null;
}

/** Inserts a recovery. From now on the reconciler makes sure that its workflow runs. */
export async function insertFilterRecovery(db: Executor, recovery: NewFilterRecovery): Promise<Recovery> {
  const { action, filter, since, until, ratePerSecond, total, productId, customerId } = recovery;
  const { rows } = await db.query<RecoveryRow>({
    text: `insert into recoveries as r (id, action, filter, since, until, rate_per_second, total, product_id, customer_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning ${RECOVERY_COLUMNS}`,
    values: [newUuid(), action, JSON.stringify(filter), since, until, ratePerSecond, total, productId, customerId],
  });
  return toRecovery(rows[0]!);
}

/**
 * Counts the running recoveries by filter: those of exactly this product and customer, and all of
 * the product.
 */
export async function countRunningByFilter(
  db: Executor,
  productId: string | null,
  customerId: string | null,
): Promise<{ own: number; ofProduct: number }> {
  const { rows } = await db.query<{ own: number; ofProduct: number }>({
    text: `select count(*) filter (where customer_id is not distinct from $2) as own, count(*) as "ofProduct"
           from recoveries where status = 'running' and filter is not null and product_id is not distinct from $1`,
    values: [productId, customerId],
  });
  return rows[0]!;
}

/** @returns undefined if the recovery is not running, or is for one subscription */
export async function findFilterTask(db: Executor, id: string): Promise<FilterTask | undefined> {
  const { rows } = await db.query<RecoveryRow & { done_up_to: string | null; filter: RecoveryFilter }>({
    text: `select ${RECOVERY_COLUMNS}, r.done_up_to from recoveries r where r.id = $1 and r.status = 'running' and r.filter is not null`,
    values: [decodeId('rec', id) ?? null],
  });
  const [row] = rows;
  return (
    row && {
      uuid: row.id,
      from: row.done_up_to,
      startedAt: row.created_at,
      ratePerSecond: row.rate_per_second,
      sought: { action: row.action, filter: row.filter, since: row.since, until: row.until },
    }
  );
}
