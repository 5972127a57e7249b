import { type OverdueNotification } from '../../domain/delivery';
import { type NotificationStatus } from '../../domain/types';
import { decodeId, encodeId } from '../../domain/ids';
import type { Executor } from '../db/database';
import { REF_COLUMNS, toRef, type RefRow } from './notification-refs';
import { UNATTEMPTED } from './claims';

interface OverdueRow extends RefRow {
  status: NotificationStatus;
  opened_at: Date;
  retry_asked: boolean;
  unattempted: boolean;
}

/**
 * Takes overdue notifications: accepted but not started, or waiting past their due time. Concurrent
 * reconcilers get different notifications, and none is returned again within `againAfterSeconds`.
 */
export async function takeOverdue(
  db: Executor,
  limit: number,
  againAfterSeconds: number,
): Promise<OverdueNotification[]> {
  const { rows } = await db.query<OverdueRow>({
    text: `with overdue as (
             update notifications set reconcile_after = now() + make_interval(secs => $2)
             where id in (select id from notifications where reconcile_after < now() order by reconcile_after limit $1 for update skip locked)
             returning *
           )
           select ${REF_COLUMNS}, n.status, n.opened_at, n.retry_asked, ${UNATTEMPTED} as unattempted from overdue n left join subscription_states s on s.id = n.subscription_id order by n.id`,
    values: [limit, againAfterSeconds],
  });
  return rows.map((row) => ({
    ...toRef(row),
    status: row.status,
    openedAt: row.opened_at,
    retryAsked: row.retry_asked,
    unattempted: row.unattempted,
  }));
}

/** @returns those of the notifications that the reconciler still has to look at */
export async function findStillOpen(db: Executor, ids: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: 'select id from notifications where id = any($1) and reconcile_after is not null',
    values: [ids.map((id) => decodeId('ntf', id))],
  });
  return rows.map(({ id }) => encodeId('ntf', id));
}

/** Counts open notifications by status, for the metrics. Reads the partial index only. */
export async function countOpen(db: Executor): Promise<Record<string, number>> {
  const { rows } = await db.query<{ status: string; count: number }>({
    text: `select status, count(*) from notifications where status in ('pending', 'delivering', 'retrying', 'held') group by status`,
  });
  return {
    pending: 0,
    delivering: 0,
    retrying: 0,
    held: 0,
    ...Object.fromEntries(rows.map((row) => [row.status, row.count])),
  };
}
