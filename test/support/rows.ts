import { decodeId } from '../../src/domain/ids';
import type { NotificationStatus } from '../../src/domain/types';
import type { Executor } from '../../src/store/db/database';

/** What tests of the store look at in a row of `notifications`. */
export interface NotificationRow {
  status: NotificationStatus;
  attempt_count: number;
  last_attempt_key: string | null;
  next_attempt_at: Date | null;
  rate_seq: number | null;
  finished_at: Date | null;
  retry_asked: boolean;
  burst_id: string | null;
  claimed_by: string | null;
  claimed_until: Date | null;
  reconcile_after: Date | null;
  opened_at: Date;
  /** From the start of the transaction; exact if the row was written in the same one. */
  seconds_to_reconcile: number | null;
  seconds_of_claim: number | null;
}

export async function notificationRow(db: Executor, notificationId: string): Promise<NotificationRow> {
  const { rows } = await db.query<NotificationRow>({
    text: `select *, extract(epoch from reconcile_after - now())::float8 as seconds_to_reconcile,
             extract(epoch from case when isfinite(claimed_until) then claimed_until end - now())::float8 as seconds_of_claim
           from notifications where id = $1`,
    values: [decodeId('ntf', notificationId)],
  });
  return rows[0]!;
}

/** Sets columns of a notification, to bring it into a state. @param assignments - SQL */
export async function setNotification(db: Executor, notificationId: string, assignments: string): Promise<void> {
  await db.query({
    text: `update notifications set ${assignments} where id = $1`,
    values: [decodeId('ntf', notificationId)],
  });
}

/** Sets columns of a subscription. @param assignments - SQL */
export async function setSubscription(db: Executor, subscriptionId: string, assignments: string): Promise<void> {
  await db.query({
    text: `update subscriptions set ${assignments} where id = $1`,
    values: [decodeId('sub', subscriptionId)],
  });
}
