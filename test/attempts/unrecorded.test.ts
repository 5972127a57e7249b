import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { createDeliver } from '../../src/activities/deliver';
import { createAttempts } from '../../src/attempts/attempt-runner';
import { HeadStarts } from '../../src/attempts/head-start/head-starts';
import type { ConcludedAttempt } from '../../src/attempts/outcome';
import { UnrecordedAttempts } from '../../src/attempts/unrecorded';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient } from '../../src/delivery/http-client';
import type { AttemptRecord, RecordedAttempt } from '../../src/domain/attempt';
import type { DeliverInput, DeliverOutcome } from '../../src/domain/delivery';
import { createMetrics } from '../../src/process/metrics';
import { acceptEvents } from '../../src/store/notifications/accept';
import { attemptsOf } from '../../src/store/notifications/attempts';
import { createRecorder } from '../../src/store/notifications/recorder';
import { activityDeps } from '../support/activity-deps';
import { startTestComposer, type TestComposer } from '../support/composer';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { useReceiver } from '../support/receiver';
import { eventFor, seed, TEST_SEALER } from '../support/seed';

/**
 * Attempts that were made while Postgres did not take their records: they are recorded later, and
 * not made again.
 */
const receiver = useReceiver();
const PROCESS = 'this-process';
let database: TestDatabase;
let http: HttpClient;
let composer: TestComposer;

beforeAll(async () => {
  database = await createTestDatabase();
  http = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8']) });
  composer = startTestComposer();
});
afterAll(async () => {
  await http?.close();
  await composer?.close();
  await database?.drop();
});

/** One process, whose records fail with these errors before they succeed. */
function processWith(failure: (tries: number) => Error | undefined) {
  const metrics = createMetrics();
  const log = pino({ level: 'silent' });
  const write = createRecorder(database.db);
  let tries = 0;
  const recorder = async (attempt: AttemptRecord): Promise<RecordedAttempt> => {
    const error = failure(++tries);
    if (error) throw error;
    return write(attempt);
  };
  const deps = { db: database.db, sealer: TEST_SEALER, publicUrl: () => 'http://signpost.example', http, composer };
  const runAttempt = createAttempts({
    ...deps,
    recorder,
    operational: { failingPercents: [50, 70, 90], quietSeconds: 600 },
    settle: async () => undefined,
    metrics,
    log,
  }).run;
  const headStarts = new HeadStarts({ processId: PROCESS, keepOutcomes: true }, runAttempt, log);
  const activity = createDeliver(activityDeps({ db: database.db, runAttempt, headStarts, metrics, log }));
  const workflowExecution = { workflowId: 'notification/test', runId: 'run-1' };
  return {
    headStarts,
    tries: () => tries,
    deliver: (input: DeliverInput): Promise<DeliverOutcome> =>
      new MockActivityEnvironment({ isLocal: true, workflowExecution }).run(activity, input),
  };
}

async function claimed(retrySchedule: number[]) {
  const seeded = await seed(database.db, { url: receiver.url(), retrySchedule });
  const [result] = await acceptEvents(database.db, [eventFor(seeded)], PROCESS);
  if (result?.kind !== 'accepted') throw new Error('not accepted');
  const notification = result.notifications[0]!;
  const headStart = { ...notification, workflowId: 'notification/test', claimedAt: performance.now() };
  const { notificationId, schedule } = notification;
  const input: DeliverInput = { notificationId, sequence: 1, trigger: 'scheduled', schedule, step: 0 };
  return { headStart, input };
}

const away = (untilMs: number) => () =>
  performance.now() < untilMs ? Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }) : undefined;

it.each([
  [200, { kind: 'delivered', attempts: 1 }],
  [500, { kind: 'retry', attempts: 1 }],
])(
  'a head start answered with %i while Postgres is away for 6 s is recorded when it is back, and not repeated by its workflow',
  async (status, outcome) => {
    receiver.answerWith(status);
    const { headStart, input } = await claimed([600]);
    const on = processWith(away(performance.now() + 6000));
    on.headStarts.begin([headStart]);
    expect(await on.deliver(input)).toMatchObject(outcome);
    expect(receiver.requests).toHaveLength(1);
    expect(await attemptsOf(database.db, input.notificationId)).toHaveLength(1);
    expect(on.headStarts.isUnderWay(input.notificationId)).toBe(false);
  },
);

it('an attempt of a workflow is recorded once Postgres is back, also when its activity timed out and runs again', async () => {
  const { input } = await claimed([600]);
  const on = processWith(away(performance.now() + 5000));
  const first = on.deliver(input);
  await receiver.waitFor(1);
  expect(await on.deliver(input)).toMatchObject({ kind: 'delivered', attempts: 1 });
  expect(await first).toMatchObject({ kind: 'delivered', attempts: 1 });
  expect(receiver.requests).toHaveLength(1);
});

it('a workflow records the head start that Postgres rejected, and does not send it again', async () => {
  receiver.answerWith(500);
  const { headStart, input } = await claimed([600]);
  const on = processWith((tries) => (tries <= 5 ? new Error('division by zero') : undefined));
  on.headStarts.begin([headStart]);
  expect(await on.deliver(input)).toMatchObject({ kind: 'retry', attempts: 1 });
  expect(on.tries()).toBe(6);
  expect(receiver.requests).toHaveLength(1);
  expect(await attemptsOf(database.db, input.notificationId)).toHaveLength(1);
});

it('a burst leaves a notification alone while its attempt is being recorded', async () => {
  const { headStart, input } = await claimed([600]);
  const on = processWith(away(performance.now() + 1500));
  on.headStarts.begin([headStart]);
  await receiver.waitFor(1);
  await sleep(100);
  const claim = jest.fn(async () => []);
  expect(await on.headStarts.makeMissing([input.notificationId], 'burst/test', claim)).toEqual([]);
  expect(claim).not.toHaveBeenCalled();
  expect(await on.deliver(input)).toMatchObject({ kind: 'delivered' });
});

it('unrecorded attempts are dropped after ten minutes, whoever asks then', () => {
  const now = jest.spyOn(performance, 'now');
  const unrecorded = new UnrecordedAttempts();
  const attempt = {} as ConcludedAttempt;
  const input = (notificationId: string, sequence: number) => ({
    notificationId,
    sequence,
    step: 0,
    trigger: 'scheduled' as const,
    attemptKey: `run:${sequence}`,
  });
  now.mockReturnValue(0);
  unrecorded.keep(input('ntf_1', 1), attempt);
  expect(unrecorded.find({ ...input('ntf_1', 1), attemptKey: 'head:this-process' })).toBe(attempt);
  // The workflow asks again if it had no place in its lane.
  expect(unrecorded.find(input('ntf_1', 2))).toBe(attempt);
  expect(unrecorded.find({ ...input('ntf_1', 2), step: 1 })).toBeUndefined();
  now.mockReturnValue(600_001);
  unrecorded.keep(input('ntf_2', 1), attempt);
  expect(unrecorded.size).toBe(1);
  now.mockRestore();
});
