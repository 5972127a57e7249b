import { type NotificationRef } from '../../domain/delivery';
import { decodeId } from '../../domain/ids';
import type { Executor } from '../db/database';
import { REF_COLUMNS, toRef, type RefRow } from './notification-refs';

/** Opens a closed notification again; sets `notifications n` from `subscription_states s`. */
export const REOPEN = `status = 'pending', opened_at = clock_timestamp(), ladder_base = n.attempt_count, finished_at = null,
  next_attempt_at = null, reconcile_after = now() + interval '30 seconds', retry_schedule = coalesce(s.retry_schedule, s.customer_retry_schedule)`;

/**
 * Opens a closed notification again for a new walk through the ladder, with the retry schedule as it is now. From here on the relay looks
 * after it, should the signal that follows be lost.
 *
 * @returns what is needed to start its workflow, or `undefined` where it is not closed or its subscription was deleted
 */
export async function reopenNotification(db: Executor, id: string): Promise<NotificationRef | undefined> {
  const { rows } = await db.query<RefRow>({
    text: `update notifications n set ${REOPEN}
           from subscription_states s
           where n.id = $1 and n.status in ('failed', 'cancelled', 'delivered') and s.id = n.subscription_id
           returning ${REF_COLUMNS}`,
    values: [decodeId('ntf', id)],
  });
  return rows[0] && toRef(rows[0]);
}

/** A waiting notification is due now: should the signal that says so be lost, the relay acts on this. */
export async function markDue(db: Executor, id: string): Promise<void> {
  await db.query({
    text: `update notifications set next_attempt_at = now(), retry_asked = true, reconcile_after = now() + interval '30 seconds' where id = $1 and status = 'retrying'`,
    values: [decodeId('ntf', id)],
  });
}
