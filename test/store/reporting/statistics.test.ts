import { readStatistics } from '../../../src/store/reporting/statistics';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { acceptOne, seed, type Seeded } from '../../support/seed';
import type { AttemptRecord } from '../../../src/domain/attempt';
import { recordAttempts } from '../../../src/store/notifications/record-attempts';

/** The nine figures, updated by the statements that accept and record. */
let database: TestDatabase;
let seeded: Seeded;
let counter = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
});

async function attempt(ok: boolean, at = new Date()): Promise<AttemptRecord> {
  const [notification] = await acceptOne(database.db, seeded);
  return {
    notificationId: notification!.notificationId,
    subscriptionId: seeded.subscriptionId,
    failurePeriod: 0,
    attemptKey: `run:${++counter}`,
    trigger: 'scheduled',
    startedAt: at,
    finishedAt: at,
    durationMs: 1,
    error: ok ? null : { class: 'status', message: 'HTTP 500' },
    request: { method: 'POST', url: 'http://127.0.0.1:9/', headers: {}, body: null },
    response: null,
    workflowId: 'notification/x',
    outcome: ok ? { status: 'delivered' } : { status: 'retrying', nextAttemptAt: new Date(at.getTime() + 30_000) },
  };
}
const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
const read = () => readStatistics(database.db, seeded.subscriptionId);

it('statistics are zero for a new subscription', async () => {
  expect(await read()).toEqual({
    events: 0,
    triggers: 0,
    successResponses: 0,
    failureResponses: 0,
    failuresSinceLastSuccess: 0,
    lastEventAt: null,
    nextTriggerAt: null,
    held: 0,
    release: null,
    lastSuccess: null,
    lastFailure: null,
  });
});

it('statistics count events, attempts and their results across groups', async () => {
  await recordAttempts(database.db, [
    await attempt(false, at(1)),
    await attempt(true, at(2)),
    await attempt(false, at(3)),
  ]);
  await recordAttempts(database.db, [await attempt(false, at(4))]);
  const statistics = await read();
  expect(statistics).toMatchObject({
    events: 4,
    triggers: 4,
    successResponses: 1,
    failureResponses: 3,
    failuresSinceLastSuccess: 2,
    nextTriggerAt: new Date(at(1).getTime() + 30_000),
    lastSuccess: { at: at(2) },
    lastFailure: { at: at(4) },
  });
  expect(statistics.lastEventAt).toBeInstanceOf(Date);
  await recordAttempts(database.db, [await attempt(true, at(5))]);
  expect(await read()).toMatchObject({ successResponses: 2, failuresSinceLastSuccess: 0, lastSuccess: { at: at(5) } });
});

it('statistics count an attempt once if it is recorded twice', async () => {
  const record = await attempt(true);
  await recordAttempts(database.db, [record]);
  await recordAttempts(database.db, [record]);
  expect(await read()).toMatchObject({ triggers: 1, successResponses: 1 });
});

it('statistics link to the last failed attempt', async () => {
  const record = await attempt(false, at(1));
  await recordAttempts(database.db, [record]);
  const { rows } = await database.db.query<{ id: string }>({
    text: 'select id from attempts where subscription_id = (select subscription_id from subscription_attempt_statistics s where s.last_failure_at = $1)',
    values: [at(1)],
  });
  expect(rows).toHaveLength(1);
  expect((await read()).lastFailure?.attemptId).toMatch(/^att_/);
});
