import type { Database } from '../store/db/database';
import { findStalledErasures } from '../store/erasure/erasures';
import { checkAgain, checkNow, endCheck, findStillOpen, OverdueSweep } from '../store/notifications/overdue';
import { findStalled } from '../store/notifications/recoveries';
import { reopenNotification } from '../store/notifications/reopen';
import { cancelNotification } from '../store/notifications/transitions';
import { summariseResponseTimes } from '../store/reporting/summarise-response-times';
import { closeGaps } from '../store/subscriptions/rate-gaps';
import { findUnsettled, markForgottenHolds } from '../store/subscriptions/settling';
import type { ReconcilerDeps } from '../temporal/reconciler';

/** What the reconciler reads and writes in Postgres. */
export function createReconcilerStore(db: Database): ReconcilerDeps['store'] {
  const overdue = new OverdueSweep(db);
  return {
    takeOverdue: (limit, againAfterSeconds) => overdue.take(limit, againAfterSeconds),
    checkAgain: (notificationIds, afterSeconds) => checkAgain(db, notificationIds, afterSeconds),
    checkNow: (notificationIds) => checkNow(db, notificationIds),
    endCheck: (notificationId) => endCheck(db, notificationId),
    reopen: (notificationId) => reopenNotification(db, notificationId),
    stillOpen: (notificationIds) => findStillOpen(db, notificationIds),
    cancel: async (notificationId) => void (await cancelNotification(db, notificationId)),
    findUnsettled: (olderThanSeconds) => findUnsettled(db, olderThanSeconds),
    markForgottenHolds: () => markForgottenHolds(db),
    closeGaps: () => closeGaps(db),
    findStalledRecoveries: (olderThanSeconds) => findStalled(db, olderThanSeconds),
    findStalledErasures: (olderThanSeconds) => findStalledErasures(db, olderThanSeconds),
    summariseResponseTimes: () => summariseResponseTimes(db, Date.now()),
  };
}
