import { Client } from 'pg';
import type { Executor, Statement } from '../../../src/store/db/database';
import { completeIndexes } from '../../../src/store/db/complete-indexes';
import { listEvents } from '../../../src/store/notifications/events';
import { listNotifications } from '../../../src/store/notifications/notifications';
import { createTestDatabase, type TestDatabase } from '../../support/database';

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

async function areValid(): Promise<boolean[]> {
  const { rows } = await test.db.query<{ valid: boolean }>({
    text: `select indisvalid as valid from pg_index where indexrelid in ('notifications_product'::regclass, 'events_customer'::regclass)`,
  });
  return rows.map(({ valid }) => valid);
}

/**
 * Undoes the build: drops the indexes with those of all partitions, and creates them as the
 * migration does.
 */
async function startOver(): Promise<void> {
  await test.db.query({ text: 'drop index notifications_product, events_customer' });
  await test.db.query({ text: 'create index notifications_product on only notifications (product_id, id)' });
  await test.db.query({ text: 'create index events_customer on only events (customer_id, id)' });
}

it('builds the indexes that partitions lack, and none twice', async () => {
  await startOver();
  expect(await areValid()).toEqual([false, false]);
  const built = await completeIndexes(test.url);
  expect(built).toContain('events_default_events_customer');
  expect(built.length).toBeGreaterThan(20);
  expect(await areValid()).toEqual([true, true]);
  await expect(completeIndexes(test.url)).resolves.toEqual([]);
});

it('repeats a build that was interrupted', async () => {
  await startOver();
  await test.db.query({ text: 'create index events_default_events_customer on events_default (customer_id, id)' });
  await test.db.query({
    text: `update pg_index set indisvalid = false where indexrelid = 'events_default_events_customer'::regclass`,
  });
  await completeIndexes(test.url);
  expect(await areValid()).toEqual([true, true]);
});

it('builds without blocking a writer whose transaction is open', async () => {
  await startOver();
  const writer = new Client(test.url);
  await writer.connect();
  await writer.query(`begin; insert into events_default (id, product_id, type, customer_id, channels, occurred_at, data)
    values (gen_random_uuid(), 'p', 't', 'c', '{}', now(), '{}')`);
  const building = completeIndexes(test.url);
  await test.db.query({
    text: `insert into events_default (id, product_id, type, customer_id, channels, occurred_at, data)
           values (gen_random_uuid(), 'p', 't', 'c', '{}', now(), '{}')`,
  });
  await writer.query('commit');
  await writer.end();
  await building;
  expect(await areValid()).toEqual([true, true]);
});

it('leaves the work to the process that does it already', async () => {
  await startOver();
  const [one, other] = await Promise.all([completeIndexes(test.url), completeIndexes(test.url)]);
  expect([one.length === 0, other.length === 0].filter(Boolean)).toHaveLength(1);
});

it('stops when the process stops', async () => {
  await startOver();
  const stop = new AbortController();
  stop.abort();
  await expect(completeIndexes(test.url, stop.signal)).resolves.toEqual([]);
  expect(await areValid()).toEqual([false, false]);
  await completeIndexes(test.url);
});

describe('lists of a tenant without rows beside a busy one', () => {
  const ROWS = 20_000;

  beforeAll(async () => {
    await test.db.query({
      text: `with e as (
               insert into events (id, product_id, type, customer_id, channels, occurred_at, data)
               select gen_random_uuid(), 'busy', 't', 'busy-customer', '{}', now(), '{}' from generate_series(1, ${ROWS}) returning id
             )
             insert into notifications (id, event_id, subscription_id, customer_id, product_id, event_type, status, accepted_as, retry_schedule)
             select gen_random_uuid(), id, gen_random_uuid(), 'busy-customer', 'busy', 't', 'delivered', 'pending', '{}' from e`,
    });
    await test.db.query({ text: 'analyze events, notifications' });
  });

  /** Rows that a statement touches, and those that it reads and drops. */
  async function rowsRead(list: (db: Executor) => Promise<unknown>): Promise<number> {
    const statements: Statement[] = [];
    const capture = {
      query: async (statement: Statement & { name?: string }) => {
        if (statement.name !== 'past-days') statements.push(statement);
        return test.db.query(statement);
      },
    };
    await list(capture as unknown as Executor);
    const { text, values } = statements[0]!;
    const { rows } = await test.db.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>({
      text: `explain (analyze, format json) ${text}`,
      values,
    });
    return sumOfRows(rows[0]!['QUERY PLAN'][0].Plan);
  }

  it.each([
    [
      'notifications of a product',
      (db: Executor) => listNotifications(db, { productIds: ['quiet'] }, {}, { limit: 50 }),
    ],
    [
      'notifications of a customer',
      (db: Executor) => listNotifications(db, { customerId: 'quiet' }, {}, { limit: 50 }),
    ],
    ['events of a product', (db: Executor) => listEvents(db, { productIds: ['quiet'] }, {}, { limit: 50 })],
    ['events of a customer', (db: Executor) => listEvents(db, { customerId: 'quiet' }, {}, { limit: 50 })],
  ])('the list of %s reads no rows of others', async (_, list) => {
    expect(await rowsRead(list)).toBeLessThan(10);
  });
});

interface PlanNode {
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

function sumOfRows(node: PlanNode): number {
  const own = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
  return own + (node.Plans ?? []).reduce((sum, plan) => sum + sumOfRows(plan), 0);
}
