import type { CancelNotificationInput, CancelNotificationResult } from '../domain/delivery';
import { cancelNotification } from '../store/notifications/transitions';
import type { ActivityDeps } from './deps';

/**
 * Creates the activity `cancelNotification`, which records that a notification was cancelled,
 * unless it is closed or was reopened meanwhile.
 */
export function createCancelNotification({
  db,
  metrics,
}: Pick<ActivityDeps, 'db' | 'metrics'>): (input: CancelNotificationInput) => Promise<CancelNotificationResult> {
  return async function cancel({ notificationId, openedAt }) {
    const now = await cancelNotification(db, notificationId, openedAt === undefined ? undefined : new Date(openedAt));
    if (!now) return { status: 'cancelled', attempts: 0 };
    const { status, attempts } = now;
    if (status === 'cancelled') metrics.notificationsFinished('cancelled');
    if (status === 'cancelled' || status === 'delivered' || status === 'failed') return { status, attempts };
    return { status: 'cancelled', attempts, reopened: true };
  };
}
