import { collectDefaultMetrics, Counter, Gauge, Histogram } from 'prom-client';
import { createBoundMetrics, type BoundMetrics, type SideThreadMetrics } from './bound-metrics';
import { LatencyHistogram } from './latency-histogram';
import { MetricsRegistry } from './metrics-registry';
import { registerOpenMetrics } from './open-metrics';
import type { OpenNotifications } from '../domain/open-notifications';
import { OPERATIONAL_EVENTS } from '../domain/operational-events';
import type { NotificationStatus } from '../domain/types';

const SECONDS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** The metrics of the service. Labels have few values: never an id. */
export interface Metrics extends BoundMetrics, SideThreadMetrics {
  registry: MetricsRegistry;
  accepted: Counter;
  duplicates: Counter;
  started: Counter<'by'>;
  attempts: Counter<'outcome'>;
  attemptDuration: LatencyHistogram;
  acceptToFirstAttempt: LatencyHistogram;
  inFlight: Gauge;
  laneInFlight: Gauge<'lane'>;
  laneLimit: Gauge<'lane'>;
  laneTurnedAway: Counter<'lane' | 'by'>;
  rateLimitTurns: Counter<'result'>;
  startQueue: Gauge;
  startConcurrency: Gauge;
  burstSize: Histogram;
  reconciled: Counter;
  signalsRepeated: Counter<'signal'>;
  workflowsReplaced: Counter;
  outOfOrder: Counter<'cause'>;
  operationalEvents: Counter<'type'>;
  transformsInUse: Gauge<'kind'>;
  transformsWaiting: Gauge<'kind'>;
  transformsRefused: Counter<'kind'>;
  queriesInUse: Gauge<'kind'>;
  queriesWaiting: Gauge<'kind'>;
  queriesRefused: Counter<'kind'>;
  /** Counts a notification that was closed. Ignores the statuses of open notifications. */
  notificationsFinished(status: NotificationStatus): void;
}

/**
 * Creates the metrics of one process.
 *
 * @param readOpen - reads the open notifications; called at scrapes, at most every 10 s
 * @param hasExemplars - whether buckets of durations name a trace
 */
export function createMetrics(readOpen?: () => Promise<OpenNotifications>, hasExemplars = false): Metrics {
  const registry = new MetricsRegistry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  // Sums of metrics that remain, named like counters although they are gauges.
  for (const kind of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  const finished = new Counter({
    name: 'signpost_notifications_finished_total',
    help: 'Notifications closed by this process, by status.',
    labelNames: ['status'],
    registers,
  });
  if (readOpen) registerOpenMetrics(registry, readOpen);
  const latency = (name: string, help: string) =>
    new LatencyHistogram(registry, { name, help, buckets: SECONDS_BUCKETS }, hasExemplars);
  const metrics: Metrics = {
    registry,
    ...createBoundMetrics(registry),
    accepted: new Counter({
      name: 'signpost_events_accepted_total',
      help: 'Events accepted by this process.',
      registers,
    }),
    duplicates: new Counter({
      name: 'signpost_events_duplicate_total',
      help: 'Events posted again with the same id and body.',
      registers,
    }),
    started: new Counter({
      name: 'signpost_workflows_started_total',
      help: 'Notification workflows started by this process, by what started them.',
      labelNames: ['by'],
      registers,
    }),
    attempts: new Counter({
      name: 'signpost_attempts_total',
      help: 'Attempts, by outcome: delivered, or the class of the error.',
      labelNames: ['outcome'],
      registers,
    }),
    attemptDuration: latency('signpost_attempt_duration_seconds', 'Duration of attempts.'),
    acceptToFirstAttempt: latency(
      'signpost_accept_to_first_attempt_seconds',
      'Time from the acceptance of an event to the first attempt of a notification.',
    ),
    inFlight: new Gauge({
      name: 'signpost_attempts_in_flight',
      help: 'Attempts in flight in this process.',
      registers,
    }),
    laneInFlight: new Gauge({
      name: 'signpost_lane_in_flight',
      help: 'Attempts in flight in a lane of this process, without head starts.',
      labelNames: ['lane'],
      registers,
    }),
    laneLimit: new Gauge({
      name: 'signpost_lane_slots',
      help: 'Slots of a lane of this process.',
      labelNames: ['lane'],
      registers,
    }),
    laneTurnedAway: new Counter({
      name: 'signpost_lane_turned_away_total',
      help: 'Attempts that found no slot in a lane and wait durably, by whose share was taken: subscription or customer.',
      labelNames: ['lane', 'by'],
      registers,
    }),
    rateLimitTurns: new Counter({
      name: 'signpost_rate_limit_turns_total',
      help: 'Answers to attempts that asked for their turn under a rate limit: granted, or waiting.',
      labelNames: ['result'],
      registers,
    }),
    startQueue: new Gauge({
      name: 'signpost_start_queue',
      help: 'Notifications of this process whose workflow has not been started yet.',
      registers,
    }),
    startConcurrency: new Gauge({
      name: 'signpost_start_concurrency',
      help: 'Workflow starts that this process allows concurrently. Adapts to the latency of Temporal.',
      registers,
    }),
    burstSize: new Histogram({
      name: 'signpost_burst_notifications',
      help: 'Notifications per burst: how many shared one workflow for their first attempts.',
      buckets: [1, 5, 10, 25, 50, 100, 250, 500, 1000],
      registers,
    }),
    reconciled: new Counter({
      name: 'signpost_relayed_total',
      help: 'Open notifications that the reconciler found without a running workflow.',
      registers,
    }),
    signalsRepeated: new Counter({
      name: 'signpost_signals_repeated_total',
      help: 'Signals that the reconciler repeated because their workflow had not got them, by signal: retry, release, or cancel.',
      labelNames: ['signal'],
      registers,
    }),
    workflowsReplaced: new Counter({
      name: 'signpost_workflows_replaced_total',
      help: 'Workflows that the reconciler replaced because their tasks failed again and again.',
      registers,
    }),
    operationalEvents: new Counter({
      name: 'signpost_operational_events_total',
      help: 'Events published to operators by this process, by type.',
      labelNames: ['type'],
      registers,
    }),
    outOfOrder: new Counter({
      name: 'signpost_subscriptions_out_of_order_total',
      help: 'Subscriptions disabled automatically by this process, by cause: gone (410), or failing for too long.',
      labelNames: ['cause'],
      registers,
    }),
    transformsInUse: new Gauge({
      name: 'signpost_transforms_in_use',
      help: 'Processes that evaluate or check a transform now, by kind.',
      labelNames: ['kind'],
      registers,
    }),
    transformsWaiting: new Gauge({
      name: 'signpost_transforms_waiting',
      help: 'Evaluations and checks of transforms that wait for a process, by kind.',
      labelNames: ['kind'],
      registers,
    }),
    transformsRefused: new Counter({
      name: 'signpost_transforms_refused_total',
      help: 'Evaluations and checks of transforms that got no process, by kind: the queue was full or the wait too long.',
      labelNames: ['kind'],
      registers,
    }),
    queriesInUse: new Gauge({
      name: 'signpost_data_source_queries',
      help: 'Queries on data sources now, by kind.',
      labelNames: ['kind'],
      registers,
    }),
    queriesWaiting: new Gauge({
      name: 'signpost_data_source_queries_waiting',
      help: 'Queries that wait for a connection to their data source, by kind.',
      labelNames: ['kind'],
      registers,
    }),
    queriesRefused: new Counter({
      name: 'signpost_data_source_queries_refused_total',
      help: 'Queries that got no connection to their data source, by kind: the queue was full or the wait too long.',
      labelNames: ['kind'],
      registers,
    }),
    notificationsFinished(status) {
      if (status === 'delivered' || status === 'failed' || status === 'cancelled') finished.inc({ status });
    },
  };
  exportZeros(metrics);
  return metrics;
}

/** Rates of a counter miss its first value, so those that alerts name are there from the start. */
function exportZeros({ attempts, signalsRepeated, outOfOrder, operationalEvents }: Metrics): void {
  for (const type of OPERATIONAL_EVENTS) operationalEvents.inc({ type }, 0);
  for (const outcome of ['delivered', 'internal', 'sign']) attempts.inc({ outcome }, 0);
  for (const signal of ['retry', 'release', 'cancel']) signalsRepeated.inc({ signal }, 0);
  for (const cause of ['gone', 'failing']) outOfOrder.inc({ cause }, 0);
}
