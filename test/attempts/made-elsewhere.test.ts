import type { HttpRequest } from '../../src/delivery/http-client';
import { ComposerBusyError } from '../../src/domain/composing';
import type { RecordedAttempt } from '../../src/domain/attempt';
import { MadeElsewhereError } from '../../src/attempts/stages';
import { createRecorder } from '../../src/store/notifications/recorder';
import { attemptsOf } from '../../src/store/notifications/attempts';
import { endClaims } from '../../src/store/notifications/claims';
import { attemptInput, httpResult, testRunner } from '../support/attempt-runner';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { notificationRow, setNotification, setSubscription } from '../support/rows';
import { acceptOne, seed } from '../support/seed';

/**
 * A process loses the workflow task of an attempt that it is making, for example because Temporal
 * was restarted. Another process runs the same attempt.
 */
let database: TestDatabase;
let subscriptionId: string;
let notificationId: string;
let requests: HttpRequest[];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  requests = [];
  const seeded = await seed(database.db, {
    url: 'https://receiver.example/',
    timeoutSeconds: 15,
    retrySchedule: [30, 30],
  });
  ({ subscriptionId } = seeded);
  ({ notificationId } = (await acceptOne(database.db, seeded))[0]!);
  await setNotification(
    database.db,
    notificationId,
    "status = 'retrying', attempt_count = 1, last_attempt_key = 'run:1'",
  );
});

/** A process that makes the second attempt. Its record waits for `isBack`, if given. */
function processNamed(processId: string, isBack: Promise<void> = Promise.resolve(), overrides = {}) {
  const write = createRecorder(database.db);
  const recorder = async (record: Parameters<typeof write>[0]): Promise<RecordedAttempt> => {
    await isBack;
    return write(record);
  };
  const send = (request: HttpRequest) => {
    requests.push(request);
    return httpResult(200);
  };
  const runAttempt = testRunner(database.db, send, { recorder, ...overrides });
  return (more = {}) =>
    runAttempt(attemptInput(notificationId, { sequence: 2, step: 1, attemptKey: 'run:2', processId, ...more }));
}

async function sent(): Promise<void> {
  while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

const cases: [string, () => Promise<void>][] = [
  ['a retry', async () => undefined],
  ['a retry under a rate limit', () => setSubscription(database.db, subscriptionId, 'rate_limit_per_second = 100')],
  [
    'a first attempt that was put off before',
    () =>
      setNotification(database.db, notificationId, "status = 'pending', attempt_count = 0, last_attempt_key = null"),
  ],
];

it.each(cases)('%s that another process has sent and cannot record yet is not sent again', async (_, prepare) => {
  await prepare();
  let back: () => void = () => undefined;
  const first = processNamed('first', new Promise((resolve) => (back = resolve)))();
  await sent();
  const second = processNamed('second');
  await expect(second()).rejects.toBeInstanceOf(MadeElsewhereError);
  back();
  const outcome = await first;
  expect(outcome.kind).toBe('delivered');
  expect(await second()).toEqual({ ...outcome, repeated: true });
  expect(requests).toHaveLength(1);
});

it('a retry whose process died is made by another one once the claim has lapsed, or was ended', async () => {
  void processNamed('dead', new Promise(() => undefined))();
  await sent();
  const row = await notificationRow(database.db, notificationId);
  expect(row.seconds_of_claim).toBeGreaterThan(25);
  expect(row.seconds_of_claim).toBeLessThanOrEqual(30);
  await endClaims(database.db);
  const after = await notificationRow(database.db, notificationId);
  expect(after.reconcile_after).toEqual(row.reconcile_after);
  expect(await processNamed('second')()).toEqual({ kind: 'delivered', attempts: 2 });
  expect(requests).toHaveLength(2);
});

it('a retry that was put off before it was sent is free for every process', async () => {
  await setSubscription(database.db, subscriptionId, `transform = '{"language":"jsonata","expression":"$"}'`);
  const composer = { compose: () => Promise.reject(new ComposerBusyError(7)) };
  expect(await processNamed('first', undefined, { composer })()).toMatchObject({ kind: 'throttled', attempts: 1 });
  expect((await notificationRow(database.db, notificationId)).next_attempt_at).not.toBeNull();
  await setSubscription(database.db, subscriptionId, 'transform = null');
  const next = { sequence: 3, attemptKey: 'run:3' };
  expect(await processNamed('second')(next)).toEqual({ kind: 'delivered', attempts: 2 });
});

it('an attempt in the slow lane has no claim, which would outlast a crash by 10 minutes', async () => {
  void processNamed('dead', new Promise(() => undefined))({ slow: true });
  await sent();
  expect(await processNamed('second')({ slow: true })).toEqual({ kind: 'delivered', attempts: 2 });
  expect(await attemptsOf(database.db, notificationId)).toHaveLength(1);
});
