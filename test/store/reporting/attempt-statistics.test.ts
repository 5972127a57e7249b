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

describe('the counts of the out-of-order rule', () => {
  /** Records attempts of one group: `2-3` failed at the third second and began in period 2. */
  async function recordInPeriods(...outcomes: string[]): Promise<void> {
    const records: AttemptRecord[] = [];
    for (const outcome of outcomes) {
      const [, period, sign, second] = /^(\d+)([+-])(\d+)$/.exec(outcome)!;
      const [notification] = await acceptOne(database.db, seeded);
      const status = sign === '+' ? 'delivered' : 'failed';
      const overrides = { finishedAt: at(Number(second)), failurePeriod: Number(period) };
      records.push(attemptRecord(notification!, { status }, overrides));
    }
    await recordAttempts(database.db, records);
  }
  async function ofPeriod() {
    const { rows } = await database.db.query<Record<string, unknown>>({
      text: `select period, period_failures as failures, period_failing_since as since, failures_since_success as all_failures
             from subscription_attempt_statistics where subscription_id = $1`,
      values: [decodeId('sub', seeded.subscriptionId)],
    });
    return rows[0]!;
  }

  it.each([
    ['add up in a period', [['1-1'], ['1-2', '1-3']], { period: 1, failures: 3, since: at(1) }],
    ['begin again after a success', [['1-1'], ['1+2', '1-3']], { period: 1, failures: 1, since: at(3) }],
    ['begin again with a period', [['1-1', '1-2'], ['2-3']], { period: 2, failures: 1, since: at(3) }],
    ['begin again with a period in the same group', [['1-1', '2-2', '1-3']], { period: 2, failures: 1, since: at(2) }],
    ['ignore a late failure of an earlier period', [['2-1'], ['1-2', '1-3']], { period: 2, failures: 1, since: at(1) }],
    ['ignore a late success of an earlier period', [['2-1', '2-2'], ['1+3']], { period: 2, failures: 2, since: at(1) }],
    ['ignore it in the same group', [['2-1', '1+3', '2-2']], { period: 2, failures: 2, since: at(1) }],
    ['are zero after a success', [['2-1'], ['2+2']], { period: 2, failures: 0, since: null }],
  ])('%s', async (_what, groups, expected) => {
    for (const group of groups) await recordInPeriods(...group);
    expect(await ofPeriod()).toMatchObject(expected);
  });

  it('differ from the failures that the statistics show', async () => {
    await recordInPeriods('1-1', '1-2');
    await recordInPeriods('2-3');
    expect(await ofPeriod()).toMatchObject({ failures: 1, all_failures: 3 });
  });
});
