import type { Logger } from 'pino';
import { createAttempts, type AttemptRunner } from '../attempts/attempt-runner';
import { HeadStarts } from '../attempts/head-start/head-starts';
import { createComposer } from '../composition/composer';
import { DataSources } from '../composition/data-sources';
import { TransformPool } from '../composition/transform-pool';
import type { Config } from '../config';
import { createAddressGuard, type AddressGuard } from '../delivery/address-guard';
import { createHttpClient } from '../delivery/http-client';
import type { LocalReceiver } from '../delivery/local-receiver';
import { createResolver } from '../delivery/resolver';
import { countLookups } from '../delivery/resolver-metrics';
import type { Composer } from '../domain/composing';
import { newUuid } from '../domain/ids';
import { registerHeadStartMetrics } from '../process/bound-metrics';
import type { Metrics } from '../process/metrics';
import { PacedQueue } from '../process/paced-queue';
import type { Tracing } from '../process/tracing';
import type { Sealer } from '../store/db/crypto';
import type { Database } from '../store/db/database';
import { releaseClaims, renewClaims } from '../store/notifications/claims';
import { createRecorder } from '../store/notifications/recorder';
import type { NotificationWorkflows } from '../temporal/notification-workflows';
import { WorkflowStarter } from '../temporal/workflow-starter';
import type { Cleanups } from './cleanups';

interface DeliveryDeps {
  pathDb: Database;
  sealer: Sealer;
  workflows: NotificationWorkflows;
  publicUrl(): string;
  /** Ports of Signpost's own services, which no delivery may reach on this machine. */
  ownPorts(): ReadonlySet<number>;
  /** The test receiver; absent if the installation has none. */
  localReceiver?: LocalReceiver;
  /** Starts the settlement of a subscription. */
  settle(subscriptionId: string): Promise<void>;
  metrics: Metrics;
  tracing: Tracing;
  log: Logger;
}

/** The parts that make attempts and start workflows. Every role runs them. */
export interface DeliveryEngine {
  http: ReturnType<typeof createHttpClient>;
  /** Composes for dry runs and checks, apart from deliveries. */
  dryRunComposer: Composer;
  /** As the address guard has it. */
  urlFault: AddressGuard['faultOf'];
  runAttempt: AttemptRunner;
  headStarts: HeadStarts;
  /** The caller closes it, before the worker stops. */
  workflowStarter: WorkflowStarter;
  /** The calls to Temporal in the background of this process. */
  paced: PacedQueue;
}

/**
 * Builds the delivery engine: HTTP out, composition, attempts, head starts and the workflow
 * starter.
 */
export function createDeliveryEngine(config: Config, deps: DeliveryDeps, cleanups: Cleanups): DeliveryEngine {
  const { pathDb, sealer, workflows, publicUrl, ownPorts, metrics, tracing, log } = deps;
  const lookups = countLookups(metrics.registry);
  const resolver = createResolver({ ...config.dnsLookups, onRefused: lookups.refused });
  lookups.observe(resolver);
  const { allowAddresses, denyAddresses: deniedCidrs, httpsOnly } = config;
  const guard = createAddressGuard(allowAddresses, resolver.resolve, { deniedCidrs, httpsOnly, ownPorts });
  const http = createHttpClient({ guard, egressProxy: config.egressProxy, localReceiver: deps.localReceiver });
  cleanups.add(() => http.close());
  // Runs before the above, which waits for requests: none of them should wait for a name server.
  cleanups.add(async () => resolver.close());
  const dataSources = new DataSources(config.dataSources, log, { kind: 'delivery', metrics });
  void dataSources.warnOfPowers();
  cleanups.add(() => dataSources.close());
  const transforms = new TransformPool({ kind: 'delivery', ...config.transforms, metrics, log });
  cleanups.add(async () => transforms.close());
  const composer = createComposer(dataSources, transforms);
  const dryRunComposer = createDryRunComposer(config, deps, cleanups);
  const { run: runAttempt, cutOff } = createAttempts({
    db: pathDb,
    sealer,
    publicUrl,
    http,
    composer,
    recorder: createRecorder(pathDb),
    operational: config.operational,
    settle: deps.settle,
    metrics,
    tracing,
    log,
  });
  cleanups.addCutOff(cutOff);
  const processId = newUuid();
  const headStarts = new HeadStarts(
    {
      processId,
      keepOutcomes: config.role !== 'api',
      limits: config.bounds.headStarts,
      releaseClaims: (notificationIds, soon) => releaseClaims(pathDb, notificationIds, processId, soon),
      renewClaims: (notificationIds) => renewClaims(pathDb, notificationIds, processId),
      onLeft: (reason) => metrics.headStartsLeft.inc({ reason }),
    },
    runAttempt,
    log,
  );
  registerHeadStartMetrics(metrics.registry, headStarts);
  cleanups.addWork((leftMs) => headStarts.close(leftMs));
  const paced = new PacedQueue();
  const workflowStarter = new WorkflowStarter(
    workflows,
    {
      paced,
      burst: config.burst,
      whenTakenOver: (notificationId) => headStarts.whenTakenOver(notificationId),
      limits: config.bounds.startQueue,
    },
    metrics,
    log,
  );
  const urlFault = guard.faultOf.bind(guard);
  return { http, urlFault, dryRunComposer, runAttempt, headStarts, workflowStarter, paced };
}

/** Dry runs have processes and connections of their own, so that they never delay a delivery. */
function createDryRunComposer(config: Config, { metrics, log }: DeliveryDeps, cleanups: Cleanups): Composer {
  const dataSources = new DataSources(config.dataSources, log, { kind: 'dry-run', metrics });
  cleanups.add(() => dataSources.close());
  const transforms = new TransformPool({ kind: 'dry-run', ...config.dryRuns, metrics, log });
  cleanups.add(async () => transforms.close());
  return createComposer(dataSources, transforms);
}
