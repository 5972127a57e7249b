import { pino } from 'pino';
import { createMetrics } from '../../src/process/metrics';
import { createReconcilerStore } from '../../src/service/reconciler-store';
import { Reconciler, type ReconcilerDeps } from '../../src/temporal/reconciler';
import { startSettling } from '../../src/temporal/settlement';
import type { Pipeline } from './pipeline';

/** A reconciler that sweeps when a test says so. */
export function testReconciler(
  { db, workflows, temporal, taskQueue }: Pipeline,
  overrides: Partial<ReconcilerDeps> = {},
) {
  const metrics = createMetrics();
  const reconciler = new Reconciler({
    store: createReconcilerStore(db),
    workflows,
    ping: async () => true,
    burst: true,
    startSettling: (id) => startSettling({ use: () => temporal }, taskQueue, id),
    operationalEvents: { publish: async () => undefined, checkBacklog: async () => undefined },
    resumeRecovery: async () => undefined,
    startErasure: async () => undefined,
    listTerminated: async () => [],
    metrics,
    log: pino({ level: 'silent' }),
    ...overrides,
  });
  return {
    metrics,
    sweep: () => reconciler.sweep(),
    /** Sweeps as if the time had come for all that the reconciler is to look at. */
    async sweepAll() {
      await db.query({
        text: "update notifications set claimed_until = null, reconcile_after = now() - interval '1 second' where reconcile_after is not null",
      });
      await reconciler.sweep();
    },
  };
}
