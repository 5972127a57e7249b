import { pino } from 'pino';
import type { MetricsRegistry } from '../../src/process/metrics-registry';
import { countLookups } from '../../src/delivery/resolver-metrics';
import { createAuthMetrics } from '../../src/process/auth-metrics';
import { registerHeadStartMetrics } from '../../src/process/bound-metrics';
import { registerBuildInfo } from '../../src/process/build-info';
import { registerDeploymentMetrics } from '../../src/process/deployment-metrics';
import { createHttpMetrics } from '../../src/process/http-metrics';
import { createLimitMetrics } from '../../src/process/limit-metrics';
import { createMetrics } from '../../src/process/metrics';
import { registerPoolMetrics } from '../../src/process/pool-metrics';
import { registerRetentionMetrics } from '../../src/process/retention-metrics';
import { registerSpanMetrics } from '../../src/process/span-metrics';
import { Cleanups } from '../../src/service/cleanups';
import { reportKeyUseRegularly } from '../../src/service/key-use';

/** A registry with every metric that a process of any role exports. */
export async function registerAllMetrics(): Promise<MetricsRegistry> {
  const { registry } = createMetrics(async () => ({
    byStatus: { pending: { count: 3, oldestOpenedAt: new Date() } },
    overdue: 0,
  }));
  registerBuildInfo(registry, 'all');
  const use = () => ({ max: 10, open: 2, inUse: 1, waiting: 0, refused: { lock: 1 } });
  registerPoolMetrics(registry, { pathDb: { use } });
  registerRetentionMetrics(registry, async () => [{ table: 'events', partitions: 9, ahead: 7, rowsInDefault: 0 }]);
  registerDeploymentMetrics(registry, async () => ({ isCurrent: true, workers: 1 }));
  registerHeadStartMetrics(registry, { sending: 0, waiting: 0, waitingBytes: 0 });
  registerSpanMetrics(registry, { exported: 1, dropped: { 'queue-full': 0, 'export-failed': 0 } });
  createAuthMetrics(registry);
  createLimitMetrics(registry);
  createHttpMetrics(registry).observe({ route: '/v1/events', method: 'POST', status: 202, seconds: 0.01 });
  countLookups(registry).observe({ inUse: 0, waiting: 0 } as Parameters<ReturnType<typeof countLookups>['observe']>[0]);
  const cleanups = new Cleanups();
  const db = { query: async () => ({ rows: [{ seals: 0 }] }) };
  const keys = { takeSeals: () => 0, keyId: 'k' };
  type Deps = Parameters<typeof reportKeyUseRegularly>[0];
  reportKeyUseRegularly({ db, keys, registry, log: pino({ level: 'silent' }) } as unknown as Deps, cleanups);
  await cleanups.run(1000);
  return registry;
}
