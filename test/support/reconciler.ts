import { pino } from 'pino';
import { createMetrics } from '../../src/process/metrics';
import { findStillOpen, takeOverdue } from '../../src/store/notifications/overdue';
import { cancelNotification } from '../../src/store/notifications/transitions';
import { findUnsettled, markForgottenHolds } from '../../src/store/subscriptions/settling';
import { Reconciler } from '../../src/temporal/reconciler';
import { startSettling } from '../../src/temporal/settlement';
import type { Pipeline } from './pipeline';

/** A reconciler that sweeps when a test says so. */
export function testReconciler({ db, workflows, temporal, taskQueue }: Pipeline) {
  const reconciler = new Reconciler({
    store: {
      takeOverdue: (limit, again) => takeOverdue(db, limit, again),
      stillOpen: (ids) => findStillOpen(db, ids),
      cancel: async (id) => void (await cancelNotification(db, id)),
      findUnsettled: (seconds) => findUnsettled(db, seconds),
      markForgottenHolds: () => markForgottenHolds(db),
    },
    workflows,
    burst: true,
    startSettling: (ids) => startSettling({ use: () => temporal }, taskQueue, ids),
    resumeRecoveries: async () => undefined,
    metrics: createMetrics(),
    log: pino({ level: 'silent' }),
  });
  return {
    /** Sweeps as if the time had come for all that the reconciler is to look at. */
    async sweepAll() {
      await db.query({
        text: "update notifications set claimed_until = null, reconcile_after = now() - interval '1 second' where reconcile_after is not null",
      });
      await reconciler.sweep();
    },
  };
}
