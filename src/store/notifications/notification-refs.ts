import {
  FAST_LANE_MAX_TIMEOUT_SECONDS,
  HEAD_START_PREFIX,
  type Lane,
  type NotificationRef,
  type ReopenedNotification,
} from '../../domain/delivery';
import { encodeId, decodeId } from '../../domain/ids';
import type { Executor } from '../db/database';

/**
 * Selects a reference from `notifications n` joined with `subscription_states s`. If no workflow
 * took over the head start yet, the step is 0, because the workflow begins with the take-over.
 */
export const REF_COLUMNS = `n.id, n.subscription_id, n.customer_id, n.event_type, n.retry_schedule,
  case when n.last_attempt_key like '${HEAD_START_PREFIX}%' then 0 else n.attempt_count - n.ladder_base end as step,
  case when s.timeout_seconds > ${FAST_LANE_MAX_TIMEOUT_SECONDS} or s.slow_until > now() then 'slow' else 'fast' end as lane,
  coalesce(s.slow_until > now(), false) as slow`;

export interface RefRow {
  id: string;
  subscription_id: string;
  customer_id: string;
  event_type: string;
  retry_schedule: number[];
  step: number;
  lane: Lane;
  slow: boolean;
}

export function toRef(row: RefRow): NotificationRef {
  return {
    notificationId: encodeId('ntf', row.id),
    subscriptionId: encodeId('sub', row.subscription_id),
    customerId: row.customer_id,
    eventType: row.event_type,
    schedule: row.retry_schedule,
    step: row.step,
    lane: row.lane,
    ...(row.slow ? { slow: true } : {}),
  };
}

/** Selects what the signal of a retry needs, from the same as {@link REF_COLUMNS}. */
export const REOPENED_COLUMNS = `${REF_COLUMNS}, n.attempt_count as attempts`;

export type ReopenedRow = RefRow & { attempts: number };

export function toReopened(row: ReopenedRow): ReopenedNotification {
  return { ...toRef(row), attempts: row.attempts };
}

/** Reads what is needed to signal the workflow of an open notification. */
export async function findRef(db: Executor, id: string): Promise<NotificationRef | undefined> {
  const { rows } = await db.query<RefRow>({
    text: `select ${REF_COLUMNS} from notifications n join subscription_states s on s.id = n.subscription_id where n.id = $1`,
    values: [decodeId('ntf', id)],
  });
  return rows[0] && toRef(rows[0]);
}
