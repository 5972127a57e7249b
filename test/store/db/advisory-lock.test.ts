import { whileLocked } from '../../../src/store/db/advisory-lock';
import { createTestDatabase, type TestDatabase } from '../../support/database';

const LOCK = 42;
let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

const TERMINATE = {
  text: `select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'signpost-lock'`,
};

it('one at a time has the lock; others wait, or do without', async () => {
  const order: string[] = [];
  let waiting: Promise<unknown> | undefined;
  await whileLocked(test.url, LOCK, { wait: true }, async () => {
    order.push('first');
    await expect(whileLocked(test.url, LOCK, { wait: false }, async () => 'never')).resolves.toBeUndefined();
    waiting = whileLocked(test.url, LOCK, { wait: true }, async () => order.push('second'));
    await new Promise((resolve) => setTimeout(resolve, 800));
    order.push('first still');
  });
  await waiting;
  expect(order).toEqual(['first', 'first still', 'second']);
});

it('a wait for the lock ends with its signal', async () => {
  const stop = new AbortController();
  await whileLocked(test.url, LOCK, { wait: true }, async () => {
    const waiting = whileLocked(test.url, LOCK, { wait: true, signal: stop.signal }, async () => 'never');
    stop.abort(new Error('stopping'));
    await expect(waiting).rejects.toThrow(/abort/i);
  });
});

it('a holder whose connection is lost is informed, and the next one gets the lock', async () => {
  let lost: AbortSignal | undefined;
  await whileLocked(test.url, LOCK, { wait: true }, async (signal) => {
    lost = signal;
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
    await test.db.query(TERMINATE);
    await aborted;
    await expect(whileLocked(test.url, LOCK, { wait: true }, async () => 'next')).resolves.toBe('next');
  });
  expect(lost!.aborted).toBe(true);
});

it('the lock outlasts an index build in another session, which does not wait for it', async () => {
  await test.db.query({ text: 'create table built (n int)' });
  await whileLocked(test.url, LOCK, { wait: true }, async () => {
    await test.db.query({ text: 'create index concurrently built_n on built (n)' });
  });
});
