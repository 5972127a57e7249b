import { FAST_LANE_MAX_TIMEOUT_SECONDS, type Lane, type NotificationRef } from '../domain/delivery';
import { encodeId } from '../domain/ids';

/** Selects a reference from `notifications n` joined with `subscription_states s`. */
export const REF_COLUMNS = `n.id, n.subscription_id, n.customer_id, n.event_type, n.retry_schedule, n.attempt_count - n.ladder_base as step,
  case when s.timeout_seconds > ${FAST_LANE_MAX_TIMEOUT_SECONDS} or s.slow_until > now() then 'slow' else 'fast' end as lane`;

export interface RefRow {
  id: string;
  subscription_id: string;
  customer_id: string;
  event_type: string;
  retry_schedule: number[];
  step: number;
  lane: Lane;
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
  };
}
