import { decodeId } from '../../../src/domain/ids';
import type { AttemptRecord } from '../../../src/domain/attempt';
import { recordAttempts } from '../../../src/store/notifications/record-attempts';
import { attemptRecord } from '../../support/attempt-record';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { acceptOne, seed, type Seeded } from '../../support/seed';

/**
 * What decides when a subscription is disabled automatically: failures in a row, and since when.
 */
let database: TestDatabase;
let seeded: Seeded;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());
beforeEach(async () => {
  seeded = await seed(database.db, { url: 'http://127.0.0.1:9/' });
});

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

/** Records attempts of one group: `+3` delivered and `-3` failed, at the third second. */
async function record(...outcomes: string[]): Promise<void> {
  const records: AttemptRecord[] = [];
  for (const outcome of outcomes) {
    const [notification] = await acceptOne(database.db, seeded);
    const status = outcome.startsWith('+') ? 'delivered' : 'failed';
    records.push(attemptRecord(notification!, { status }, { finishedAt: at(Number(outcome.slice(1))) }));
  }
  await recordAttempts(database.db, records);
}

async function read() {
  const { rows } = await database.db.query<Record<string, unknown>>({
    text: `select s.failures_since_success as failures, s.failing_since as since, s.last_success_at as success, s.last_failure_at as failure,
             (select finished_at from attempts where id = s.last_success_attempt_id) as success_of,
             (select finished_at from attempts where id = s.last_failure_attempt_id) as failure_of
           from subscription_attempt_statistics s where s.subscription_id = $1`,
    values: [decodeId('sub', seeded.subscriptionId)],
  });
  return rows[0]!;
}

it('counts failures in a row from the first of them, over several groups', async () => {
  await record('-1', '-2');
  await record('-3');
  expect(await read()).toMatchObject({ failures: 3, since: at(1), failure: at(3), failure_of: at(3) });
});

it('begins again after a success', async () => {
  await record('-1');
  await record('+2');
  expect(await read()).toMatchObject({ failures: 0, since: null, success: at(2), success_of: at(2) });
  await record('-3');
  expect(await read()).toMatchObject({ failures: 1, since: at(3), success: at(2), failure: at(3) });
});

it('counts only what failed after the success of the same group', async () => {
  await record('-1');
  await record('-2', '+3', '-4', '-5');
  expect(await read()).toMatchObject({ failures: 2, since: at(4), success: at(3), failure_of: at(5) });
});

it('goes by the times of the attempts, not by their order in the group', async () => {
  await record('-5', '+3', '-2', '+1');
  expect(await read()).toMatchObject({ failures: 1, since: at(5), success_of: at(3), failure_of: at(5) });
});
