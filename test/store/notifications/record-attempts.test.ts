import type { AttemptRecord } from '../../../src/domain/attempt';
import type { AcceptedNotification } from '../../../src/domain/acceptance';
import { RECONCILE_AFTER_SECONDS } from '../../../src/domain/delivery';
import { attemptsOf } from '../../../src/store/notifications/attempts';
import { recordAttempts } from '../../../src/store/notifications/record-attempts';
import { cancelNotification } from '../../../src/store/notifications/transitions';
import { attemptRecord } from '../../support/attempt-record';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { notificationRow, setNotification } from '../../support/rows';
import { acceptOne, seed } from '../../support/seed';

let database: TestDatabase;
let notification: AcceptedNotification;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  const seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
  notification = (await acceptOne(database.db, seeded))[0]!;
});

const NEXT = new Date(Date.UTC(2099, 0, 1));
const retrying = { status: 'retrying', nextAttemptAt: NEXT } as const;
const failed = { status: 'failed' } as const;
const delivered = { status: 'delivered' } as const;

/** Records an attempt. @returns the notification right after, as seen by the same transaction */
async function record(outcome: AttemptRecord['outcome'], overrides: Partial<AttemptRecord> = {}) {
  return database.db.transaction(async (db) => {
    await recordAttempts(db, [attemptRecord(notification, outcome, overrides)]);
    return notificationRow(db, notification.notificationId);
  });
}

it('records a failed attempt with a retry as retrying, without a finishing time', async () => {
  expect(await record(retrying)).toMatchObject({
    status: 'retrying',
    attempt_count: 1,
    next_attempt_at: NEXT,
    finished_at: null,
    // What an empty Temporal has forgotten moves on within a minute.
    reconcile_after: new Date(NEXT.getTime() + 30_000),
  });
});

it.each([
  ['a failed attempt', retrying],
  ['the last attempt', failed],
] as const)('has %s checked soon if a retry was asked for during it, as its signal may be lost', async (_, outcome) => {
  await setNotification(database.db, notification.notificationId, 'retry_asked = true');
  const { retry_asked: asked, seconds_to_reconcile: seconds } = await record(outcome);
  expect(asked).toBe(true);
  expect(seconds).toBeCloseTo(RECONCILE_AFTER_SECONDS, 1);
});

it('has nothing checked after a delivery, whatever was asked for during it', async () => {
  await setNotification(database.db, notification.notificationId, 'retry_asked = true');
  expect(await record(delivered)).toMatchObject({ status: 'delivered', reconcile_after: null });
});

it.each([
  ['delivered', delivered],
  ['failed', failed],
] as const)('records the last attempt as %s, with nothing left for the reconciler', async (status, outcome) => {
  expect(await record(outcome)).toMatchObject({
    status,
    next_attempt_at: null,
    finished_at: expect.any(Date),
    reconcile_after: null,
  });
});

it.each([
  ['retrying', retrying],
  ['failed', failed],
] as const)(
  'lets the reconciler look soon for the workflow of a head start that is recorded as %s',
  async (status, outcome) => {
    expect(await record(outcome, { attemptKey: 'head:process' })).toMatchObject({
      status,
      seconds_to_reconcile: RECONCILE_AFTER_SECONDS,
    });
  },
);

it('leaves nothing for the reconciler once a head start has delivered', async () => {
  expect(await record(delivered, { attemptKey: 'head:process' })).toMatchObject({
    status: 'delivered',
    reconcile_after: null,
  });
});

describe.each([
  ['the workflow', 'run:1'],
  ['a head start', 'head:process'],
])('an attempt of %s that ends after its notification was cancelled', (_, attemptKey) => {
  beforeEach(() => cancelNotification(database.db, notification.notificationId));

  it.each([
    ['retrying', retrying],
    ['failed', failed],
  ] as const)(
    'stays cancelled if the attempt would leave it %s, with no next attempt and no sweep',
    async (_1, outcome) => {
      expect(await record(outcome, { attemptKey })).toMatchObject({
        status: 'cancelled',
        attempt_count: 1,
        next_attempt_at: null,
        finished_at: expect.any(Date),
        reconcile_after: null,
      });
    },
  );

  it('is delivered if the attempt delivered it', async () => {
    expect(await record(delivered, { attemptKey })).toMatchObject({ status: 'delivered', reconcile_after: null });
  });
});

it.each([
  ['fails', failed],
  ['is followed by a retry', retrying],
])('keeps a notification delivered if another attempt at the same time %s', async (_, outcome) => {
  const { finished_at: finishedAt } = await record(delivered);
  expect(await record(outcome, { attemptKey: 'run:2' })).toMatchObject({
    status: 'delivered',
    attempt_count: 2,
    next_attempt_at: null,
    reconcile_after: null,
    finished_at: finishedAt,
  });
});

it('names the burst that made the attempt, and no burst after a workflow of its own made one', async () => {
  expect(await record(retrying, { workflowId: 'burst/1' })).toMatchObject({ burst_id: 'burst/1' });
  expect(await record(delivered, { attemptKey: 'run:2' })).toMatchObject({ burst_id: null });
});

it('records an attempt once if two executions record it at the same moment', async () => {
  const attempt = attemptRecord(notification, retrying);
  const both = await Promise.all([recordAttempts(database.db, [attempt]), recordAttempts(database.db, [attempt])]);
  expect(both).toEqual([[{ status: 'retrying', attempts: 1 }], [{ status: 'retrying', attempts: 1 }]]);
  expect(await attemptsOf(database.db, notification.notificationId)).toHaveLength(1);
});

it('counts two different attempts of one notification', async () => {
  await record(retrying);
  expect(await record(retrying, { attemptKey: 'run:2' })).toMatchObject({ attempt_count: 2 });
  const numbers = (await attemptsOf(database.db, notification.notificationId)).map(({ number }) => number);
  expect(numbers).toEqual([1, 2]);
});

it('takes a notification that was erased meanwhile as cancelled, and records the others', async () => {
  const erased = attemptRecord({ ...notification, notificationId: 'ntf_00000000000000000000000000' }, retrying);
  const attempt = attemptRecord(notification, retrying);
  expect(await recordAttempts(database.db, [erased, attempt])).toEqual([
    { status: 'cancelled', attempts: 0 },
    { status: 'retrying', attempts: 1 },
  ]);
  expect(await attemptsOf(database.db, notification.notificationId)).toHaveLength(1);
});
