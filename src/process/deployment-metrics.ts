import { Gauge, type Registry } from 'prom-client';
import type { DeploymentState } from '../domain/deployment';
import { CachedReading } from './cached-reading';
import { DATABASE_WIDE } from './database-wide';

/** Registers the metrics of a versioned process. `read` is called at most every 10 s. */
export function registerDeploymentMetrics(registry: Registry, read: () => Promise<DeploymentState>): void {
  const reading = new CachedReading(read);
  const gauge = (name: string, help: string, valueOf: (state: DeploymentState) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const state = await reading.read();
        if (state) this.set(valueOf(state));
      },
    });
  gauge(
    'signpost_deployment_current',
    'Whether the build of this process is the current version of its Worker Deployment: 1 or 0.',
    ({ isCurrent }) => Number(isCurrent),
  );
  gauge(
    'signpost_deployment_workers',
    `Worker processes of the current version that polled within 75 s. 0: no workflow continues. ${DATABASE_WIDE}`,
    ({ workers }) => workers,
  );
  new Gauge({
    name: 'signpost_deployment_age_seconds',
    help: 'Age of what this process read for the other deployment metrics. Rises while Temporal does not answer.',
    registers: [registry],
    collect() {
      this.set(reading.ageSeconds());
    },
  });
}
