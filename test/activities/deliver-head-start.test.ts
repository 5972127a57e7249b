import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { createDeliver } from '../../src/activities/deliver';
import { HeadStarts } from '../../src/attempts/head-start/head-starts';
import type { DeliverInput, DeliverOutcome } from '../../src/domain/delivery';
import { headStartDelivery } from '../../src/domain/head-start';
import { notificationWorkflowId } from '../../src/domain/types';
import { acceptEvents } from '../../src/store/notifications/accept';
import { attemptsOf } from '../../src/store/notifications/attempts';
import { createRecorder } from '../../src/store/notifications/recorder';
import { httpResult, testRunner } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { fakeOnly } from '../support/fake-timers';
import { notificationRow } from '../support/rows';
import { eventFor, seed } from '../support/seed';
import { activityDeps } from '../support/activity-deps';

/** The activity of a workflow whose head start this process made. */
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/**
 * Accepts an event whose receiver answers with that status, and whose head start fails to be
 * recorded that many times.
 */
async function setUp({
  status,
  failures = 0,
  retrySchedule = [30],
  answered = Promise.resolve(),
}: {
  status: number;
  failures?: number;
  retrySchedule?: number[];
  /** The receiver answers then. */
  answered?: Promise<void>;
}) {
  const seeded = await seed(database.db, { url: 'https://receiver.example/', retrySchedule });
  const event = eventFor(seeded);
  const [result] = await acceptEvents(database.db, [event], 'mine');
  if (result?.kind !== 'accepted') throw new Error('not accepted');
  const notification = result.notifications[0]!;
  const { notificationId, schedule } = notification;

  const seen = { requests: 0 };
  const record = createRecorder(database.db);
  let left = failures;
  const runAttempt = testRunner(
    database.db,
    async () => {
      seen.requests += 1;
      await answered;
      return httpResult(status);
    },
    {
      recorder: async (attempt) => {
        if (left-- > 0) throw new Error('Postgres is away');
        return record(attempt);
      },
    },
  );
  const log = pino({ level: 'silent' });
  const headStarts = new HeadStarts({ processId: 'mine', keepOutcomes: true }, runAttempt, log);
  const deps = activityDeps({ db: database.db, runAttempt, headStarts });
  const lane = { isFull: false, sent: 0 };
  const visit = () => ({
    enter: () => (lane.isFull ? 0.1 : undefined),
    sent: () => void (lane.sent += 1),
    leave: () => undefined,
  });
  const deliver = createDeliver({ ...deps, lanes: { ...deps.lanes, fast: Object.assign(deps.lanes.fast, { visit }) } });
  const workflowId = notificationWorkflowId(notificationId);
  return {
    seen,
    lane,
    notificationId,
    begin() {
      const accepted = headStartDelivery(event, notification)!;
      headStarts.begin([{ ...notification, workflowId, claimedAt: performance.now(), accepted }]);
    },
    /** The workflow's first attempt, or its next one if that could not be made. */
    deliver(sequence = 1): Promise<DeliverOutcome> {
      const environment = new MockActivityEnvironment({
        isLocal: true,
        workflowExecution: { workflowId, runId: 'run' },
      });
      const input: DeliverInput = { notificationId, sequence, trigger: 'scheduled', schedule, step: 0 };
      return environment.run(deliver, input);
    },
  };
}

it('takes over the outcome of one that delivered', async () => {
  const { seen, begin, deliver } = await setUp({ status: 200 });
  begin();
  expect(await deliver()).toEqual({ kind: 'delivered', attempts: 1 });
  expect(seen.requests).toBe(1);
});

it.each([
  ['with steps left', [30], 'retry'],
  ['for good', [], 'failed'],
])('takes over from one that failed %s, under the name of its own attempt', async (_, retrySchedule, kind) => {
  const { seen, begin, deliver, notificationId } = await setUp({ status: 500, retrySchedule });
  begin();
  expect(await deliver()).toMatchObject({ kind, attempts: 1, repeated: true });
  expect((await notificationRow(database.db, notificationId)).last_attempt_key).toBe('run:1');
  expect(seen.requests).toBe(1);
});

it.each([
  [200, { kind: 'delivered', attempts: 1 }],
  [500, { kind: 'retry', attempts: 1, repeated: true }],
])(
  'records one that was answered %i and that could not be recorded, and sends nothing again',
  async (status, outcome) => {
    const { seen, begin, deliver, notificationId } = await setUp({ status, failures: 6 });
    begin();
    expect(await deliver()).toMatchObject(outcome);
    expect(seen.requests).toBe(1);
    expect(await attemptsOf(database.db, notificationId)).toHaveLength(1);
  },
);

it.each([
  [200, { kind: 'delivered', attempts: 1 }],
  [500, { kind: 'retry', attempts: 1, repeated: true }],
])('waits for one that hangs and then gets %i, however often its lane has no place', async (status, outcome) => {
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const { seen, lane, begin, deliver, notificationId } = await setUp({ status, answered });
  begin();
  lane.isFull = true;
  for (const sequence of [1, 2]) expect(await deliver(sequence)).toMatchObject({ kind: 'throttled', attempts: 0 });
  lane.isFull = false;
  const delivering = deliver(3);
  answer();
  expect(await delivering).toMatchObject(outcome);
  expect(seen.requests).toBe(1);
  expect(await attemptsOf(database.db, notificationId)).toHaveLength(1);
});

it('makes the attempt itself if this process made no head start', async () => {
  const { seen, deliver, lane } = await setUp({ status: 200 });
  expect(await deliver()).toEqual({ kind: 'delivered', attempts: 1 });
  expect(seen.requests).toBe(1);
  // The wait for the record is no part of how long the receiver took.
  expect(lane.sent).toBe(1);
});

describe('an attempt in the slow lane', () => {
  afterEach(() => jest.useRealTimers());

  it('heartbeats every ten seconds while it is under way, and no longer', async () => {
    fakeOnly('setInterval', 'clearInterval');
    let end: (outcome: DeliverOutcome) => void = () => undefined;
    const deliver = createDeliver({
      ...activityDeps({ db: database.db }),
      runAttempt: ({ slow }) => new Promise((resolve) => (end = slow ? resolve : end)),
    });
    const environment = new MockActivityEnvironment({ isLocal: false });
    let heartbeats = 0;
    environment.on('heartbeat', () => (heartbeats += 1));
    const input: DeliverInput = { notificationId: 'ntf_1', sequence: 2, trigger: 'scheduled', schedule: [], step: 0 };
    const running = environment.run(deliver, input);
    await new Promise((resolve) => setImmediate(resolve));
    jest.advanceTimersByTime(25_000);
    end({ kind: 'delivered', attempts: 1 });
    await running;
    jest.advanceTimersByTime(25_000);
    expect(heartbeats).toBe(2);
  });
});

it.each([
  [true, 'fast'],
  [false, 'slow'],
] as const)('an attempt with isLocal %s takes its place in the %s lane', async (isLocal, expected) => {
  const entered: string[] = [];
  const laneOf = (lane: string) => {
    const gate = activityDeps({ db: database.db }).lanes.fast;
    return Object.assign(gate, {
      visit: () => ({ enter: () => void entered.push(lane), sent: () => undefined, leave: () => undefined }),
    });
  };
  const deliver = createDeliver({
    ...activityDeps({ db: database.db }),
    lanes: { fast: laneOf('fast'), slow: laneOf('slow') },
    runAttempt: async ({ visit }) => {
      visit?.enter('customer', 'subscription');
      return { kind: 'delivered', attempts: 1 };
    },
  });
  const input: DeliverInput = { notificationId: 'ntf_1', sequence: 2, trigger: 'scheduled', schedule: [], step: 0 };
  await new MockActivityEnvironment({ isLocal }).run(deliver, input);
  expect(entered).toEqual([expected]);
});
