import { pino } from 'pino';
import type { ActivityDeps } from '../../src/activities/deps';
import { LaneGate } from '../../src/attempts/lane-gate';
import type { Lane } from '../../src/domain/delivery';
import { createMetrics, type Metrics } from '../../src/process/metrics';
import { PacedQueue } from '../../src/process/paced-queue';
import { TEST_SEALER } from './seed';

const SLOTS = 10;

/**
 * Dependencies of activities for a test that runs one of them: Temporal accepts every start and
 * signal, and no first attempt is under way.
 */
export function activityDeps(given: Pick<ActivityDeps, 'db'> & Partial<ActivityDeps>): ActivityDeps {
  const metrics = given.metrics ?? createMetrics();
  return {
    maintenanceDb: given.db,
    sealer: TEST_SEALER,
    retention: { payload: 30, history: 90, eventIds: 30, audit: 400 },
    runAttempt: () => Promise.reject(new Error('no attempt is made here')),
    headStarts: {
      processId: 'mine',
      isUnderWay: () => false,
      makeMissing: async () => [],
      outcomeOf: async () => undefined,
      takeTurn: (_notificationId, _trigger, make) => make(),
    },
    lanes: roomyLanes(metrics),
    control: {
      start: async () => true,
      retry: async () => undefined,
      release: async () => undefined,
      cancel: async () => undefined,
      reschedule: async () => undefined,
    },
    eraser: { deleteAll: async () => 0, deleteOf: async () => ({ listed: 0, left: 0 }) },
    paced: new PacedQueue(),
    launchReleased: () => undefined,
    metrics,
    log: pino({ level: 'silent' }),
    ...given,
  };
}

function roomyLanes(metrics: Metrics): Record<Lane, LaneGate> {
  const laneOf = (lane: Lane) =>
    new LaneGate(lane, { slots: SLOTS, perCustomer: SLOTS, perSubscription: SLOTS }, metrics);
  return { fast: laneOf('fast'), slow: laneOf('slow') };
}
