import { loadConfig } from '../../src/config';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { createAttempts } from '../../src/attempts/attempt-runner';
import { createDeliver } from '../../src/activities/deliver';
import { HeadStarts } from '../../src/attempts/head-start/head-starts';
import { createAddressGuard } from '../../src/delivery/address-guard';
import { createHttpClient, type HttpClient } from '../../src/delivery/http-client';
import { LaneGate } from '../../src/attempts/lane-gate';
import type { DeliverInput, DeliverOutcome, Lane } from '../../src/domain/delivery';
import { createMetrics } from '../../src/process/metrics';
import { PacedQueue } from '../../src/process/paced-queue';
import { attemptsOf, findAttempt } from '../../src/store/notifications/attempts';
import { findSubscription } from '../../src/store/subscriptions/subscriptions';
import { decodeId } from '../../src/domain/ids';
import { createRecorder } from '../../src/store/notifications/recorder';
import { startTestComposer, type TestComposer } from '../support/composer';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startReceiver, type Receiver } from '../support/receiver';
import { setSubscription } from '../support/rows';
import { acceptOne, seed, TEST_SEALER } from '../support/seed';
import { reopenNotification } from '../../src/store/notifications/reopen';

/**
 * The deliver activity alone: what it returns if Temporal runs it again because a result was lost.
 */
let database: TestDatabase;
let http: HttpClient;
let composer: TestComposer;
let receiver: Receiver;
let deliver: (input: DeliverInput) => Promise<DeliverOutcome>;

beforeAll(async () => {
  database = await createTestDatabase();
  http = createHttpClient({ guard: createAddressGuard(['127.0.0.0/8']) });
  composer = startTestComposer();
  const { db } = database;
  const metrics = createMetrics();
  const log = pino({ level: 'silent' });
  const runAttempt = createAttempts({
    db,
    sealer: TEST_SEALER,
    publicUrl: () => 'http://signpost.example',
    http,
    composer,
    recorder: createRecorder(db),
    operational: { failingPercents: [50, 70, 90], quietSeconds: 600 },
    settle: async () => undefined,
    metrics,
    log,
  }).run;
  const laneOf = (lane: Lane) => new LaneGate(lane, { slots: 10, perCustomer: 10, perSubscription: 10 }, metrics);
  const activity = createDeliver({
    db,
    maintenanceDb: db,
    sealer: TEST_SEALER,
    retention: loadConfig({}).retention,
    runAttempt,
    headStarts: new HeadStarts({ processId: 'this-process', keepOutcomes: true }, runAttempt, log),
    paced: new PacedQueue(),
    control: {
      start: async () => true,
      retry: async () => undefined,
      release: async () => undefined,
      cancel: async () => undefined,
      reschedule: async () => undefined,
    },
    eraser: { deleteAll: async () => 0, deleteOf: async () => ({ listed: 0, left: 0 }) },
    launchReleased: () => undefined,
    lanes: { fast: laneOf('fast'), slow: laneOf('slow') },
    metrics,
    log,
  });
  const workflowExecution = { workflowId: 'notification/test', runId: 'run-1' };
  deliver = (input) => new MockActivityEnvironment({ isLocal: true, workflowExecution }).run(activity, input);
});
afterAll(async () => {
  await http?.close();
  await composer?.close();
  await database?.drop();
});
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

async function notify(options: { retrySchedule?: number[]; headers?: Record<string, string> } = {}) {
  const seeded = await seed(database.db, { url: receiver.url('/hook?token=in-the-query'), ...options });
  if (options.headers) {
    await database.db.query({
      text: 'update subscriptions set headers = $1 where customer_id = $2',
      values: [options.headers, seeded.customerId],
    });
  }
  const [notification] = await acceptOne(database.db, seeded);
  const input: DeliverInput = {
    notificationId: notification!.notificationId,
    sequence: 1,
    trigger: 'scheduled',
    schedule: notification!.schedule,
    step: 0,
  };
  return { seeded, input };
}

it.each([
  [200, [30], { kind: 'delivered', attempts: 1 }],
  [500, [30], { kind: 'retry', attempts: 1, reason: 'HTTP 500' }],
  [500, [], { kind: 'failed', attempts: 1, reason: 'HTTP 500' }],
  [410, [30], { kind: 'failed', attempts: 1, reason: 'HTTP 410' }],
])(
  'a repeated deliver after status %i with the schedule %j returns the recorded outcome and sends nothing',
  async (status, retrySchedule, outcome) => {
    receiver.answerWith(status);
    const { input } = await notify({ retrySchedule });
    expect(await deliver(input)).toMatchObject(outcome);
    expect(await deliver(input)).toMatchObject({ ...outcome, repeated: true });
    expect(receiver.requests).toHaveLength(1);
  },
);

it('a repeated deliver after the notification was reopened returns the failure of its own ladder', async () => {
  receiver.answerWith(500);
  const { input } = await notify({ retrySchedule: [] });
  expect(await deliver(input)).toMatchObject({ kind: 'failed' });
  await reopenNotification(database.db, input.notificationId);
  expect(await deliver(input)).toMatchObject({ kind: 'failed', repeated: true });
  expect(receiver.requests).toHaveLength(1);
  // The attempt of the new ladder is a different one.
  expect(await deliver({ ...input, sequence: 2, trigger: 'manual' })).toMatchObject({ kind: 'failed', attempts: 2 });
  expect(receiver.requests).toHaveLength(2);
});

it('two concurrent executions of deliver make and record the attempt once', async () => {
  const { input } = await notify();
  // Neither has an answer before both have sent.
  const both = receiver.waitFor(2);
  receiver.answerWith(async () => (await both, { status: 200 }));
  await Promise.all([deliver(input), deliver(input)]);
  expect(await attemptsOf(database.db, input.notificationId)).toHaveLength(1);
  expect(receiver.requests).toHaveLength(1);
});

it('deliver fails with class sign and sends nothing if a secret cannot be opened', async () => {
  const { input } = await notify({ retrySchedule: [30] });
  await database.db.query({ text: "update subscription_secrets set key_id = 'another'" });
  expect(await deliver(input)).toMatchObject({ kind: 'retry', reason: 'the request could not be signed' });
  expect((await attemptsOf(database.db, input.notificationId))[0]).toMatchObject({
    status: null,
    error: { class: 'sign' },
  });
  const [attempt] = await attemptsOf(database.db, input.notificationId);
  expect((await findAttempt(database.db, attempt!.id, {}))!.request).toMatchObject({ headers: {}, body: null });
  expect(receiver.requests).toHaveLength(0);
});

it('deliver masks the headers of the subscription in a recorded attempt', async () => {
  const { input } = await notify({
    headers: { Authorization: 'Bearer s3cret', 'X-Api-Key': 's3cret', 'X-Team': 'payments' },
  });
  await deliver(input);
  expect(receiver.requests[0]!.headers).toMatchObject({ authorization: 'Bearer s3cret', 'x-team': 'payments' });
  const [attempt] = await attemptsOf(database.db, input.notificationId);
  expect((await findAttempt(database.db, attempt!.id, {}))!.request.headers).toMatchObject({
    Authorization: '***',
    'X-Api-Key': '***',
    'X-Team': '***',
  });
  const { rows } = await database.db.query<{ found: boolean }>({
    text: "select attempts::text like '%s3cret%' as found from attempts",
  });
  expect(rows.every(({ found }) => !found)).toBe(true);
});

describe('out-of-order rule in deliver', () => {
  const failingSince = (seeded: { subscriptionId: string }, failures: number, hours: number) =>
    database.db.query({
      text: `insert into subscription_attempt_statistics (subscription_id, attempts, successes, failures, failures_since_success, failing_since, period_failures, period_failing_since)
             values ($1, $2, 0, $2, $2, now() - make_interval(hours => $3), $2, now() - make_interval(hours => $3))`,
      values: [decodeId('sub', seeded.subscriptionId), failures, hours],
    });
  const statusOf = async (seeded: { subscriptionId: string }) =>
    (await findSubscription(database.db, seeded.subscriptionId, {}))!.status;

  it.each([
    ['disables a subscription at its tenth failure in 120 hours', 9, 121, 0, 'out-of-order'],
    ['keeps a subscription enabled before the tenth failure', 8, 121, 0, 'enabled'],
    ['keeps a subscription enabled before 120 hours have passed', 20, 119, 0, 'enabled'],
    ['does not count what failed in an earlier period', 20, 300, 1, 'enabled'],
  ])('%s', async (_rule, failures, hours, period, status) => {
    receiver.answerWith(500);
    const { seeded, input } = await notify();
    await failingSince(seeded, failures, hours);
    await setSubscription(database.db, seeded.subscriptionId, `failure_period = ${period}`);
    expect(await deliver(input)).toMatchObject({ kind: 'retry' });
    expect(await statusOf(seeded)).toBe(status);
  });

  it('stores when and why a subscription was disabled', async () => {
    receiver.answerWith(500);
    const { seeded, input } = await notify();
    await failingSince(seeded, 9, 121);
    await deliver(input);
    const { outOfOrder } = (await findSubscription(database.db, seeded.subscriptionId, {}))!;
    expect(outOfOrder).toEqual({
      at: expect.any(Date),
      reason: expect.stringMatching(/^10 failures and no success since /),
    });
  });
});
