import { setTimeout as sleep } from 'node:timers/promises';
import {
  isContended,
  isOutcomeUnknown,
  isUnavailable,
  openDatabase,
  type Database,
  type PoolLimits,
} from '../../../src/store/db/database';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { fakeOnly } from '../../support/fake-timers';
import { pause } from '../../support/pause';
import { startTcpProxy } from '../../support/tcp-proxy';
import { until } from '../../support/until';

let test: TestDatabase;
const opened: Database[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((db) => db.close()));
});
afterAll(() => test.drop());

function open(limits: Partial<PoolLimits>, url = test.url): Database {
  const db = openDatabase(url, () => undefined, limits);
  opened.push(db);
  return db;
}

async function setting(db: Database, name: string): Promise<string> {
  const { rows } = await db.query<{ value: string }>({ text: `select current_setting('${name}') as value` });
  return rows[0]!.value;
}

async function backendOf(db: Database): Promise<number> {
  const { rows } = await db.query<{ pid: number }>({ text: 'select pg_backend_pid() as pid' });
  return rows[0]!.pid;
}

it('sets its limits on every connection after connecting', async () => {
  const db = open({
    statementTimeoutMs: 4000,
    lockTimeoutMs: 3000,
    idleInTransactionTimeoutMs: 2000,
    genericPlans: true,
  });
  await expect(setting(db, 'statement_timeout')).resolves.toBe('4s');
  await expect(setting(db, 'lock_timeout')).resolves.toBe('3s');
  await expect(setting(db, 'idle_in_transaction_session_timeout')).resolves.toBe('2s');
  await expect(setting(db, 'plan_cache_mode')).resolves.toBe('force_generic_plan');
});

it('ends a statement that runs too long, and counts it', async () => {
  const db = open({ statementTimeoutMs: 100 });
  const error = await db.query({ text: 'select pg_sleep(5)' }).catch((reason: unknown) => reason);
  expect(isContended(error)).toBe(true);
  expect(db.use().refused.statement).toBe(1);
});

it('ends a wait for a lock, and counts it', async () => {
  const db = open({ lockTimeoutMs: 100 });
  await db.transaction(async (executor) => {
    await executor.query({ text: 'lock table audit in exclusive mode' });
    const other = db.query({ text: 'lock table audit in exclusive mode' });
    const waiting = db.transaction((second) => second.query({ text: 'lock table audit in exclusive mode' }));
    await other.catch(() => undefined);
    expect(isContended(await waiting.catch((reason: unknown) => reason))).toBe(true);
  });
  expect(db.use().refused.lock).toBe(1);
});

it('ends a transaction that is idle for too long, and replaces its connection', async () => {
  const db = open({ idleInTransactionTimeoutMs: 100, max: 1 });
  const error = await db
    .transaction(async (executor) => {
      await executor.query({ text: 'select 1' });
      await sleep(400);
      await executor.query({ text: 'select 1' });
    })
    .catch((reason: unknown) => reason);
  expect(isUnavailable(error)).toBe(true);
  await expect(setting(db, 'lock_timeout')).resolves.toBe('5s');
});

it('survives the end of a backend in the middle of a transaction', async () => {
  const db = open({ max: 1 });
  const error = await db
    .transaction(async (executor) => {
      const { rows } = await executor.query<{ pid: number }>({ text: 'select pg_backend_pid() as pid' });
      await test.db.query({ text: 'select pg_terminate_backend($1)', values: [rows[0]!.pid] });
      await until(
        () => test.db.query({ text: 'select from pg_stat_activity where pid = $1', values: [rows[0]!.pid] }),
        (result) => result.rows.length === 0,
      );
      await sleep(50);
      await executor.query({ text: 'select 1' });
    })
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  await expect(setting(db, 'lock_timeout')).resolves.toBe('5s');
});

it.each([0, 1])('keeps %i connections that nobody uses, and closes the others', async (min) => {
  fakeOnly('setTimeout', 'clearTimeout');
  const db = open({ max: 2, min }, `${test.url}?application_name=kept`);
  const backends = async () => {
    const { rows } = await test.db.query<{ pid: number }>({
      text: `select pid from pg_stat_activity where datname = current_database() and application_name = 'kept'`,
    });
    return rows.map(({ pid }) => pid);
  };
  await Promise.all([db.query({ text: 'select pg_sleep(0.1)' }), db.query({ text: 'select pg_sleep(0.1)' })]);
  const before = await backends();
  expect(before).toHaveLength(2);
  await jest.advanceTimersByTimeAsync(11_000);
  jest.useRealTimers();
  await until(backends, (pids) => pids.length === min);
  expect(before.includes(await backendOf(db))).toBe(min === 1);
});

it('reports how many connections are in use and how many callers wait', async () => {
  const db = open({ max: 1 });
  const sleeping = Promise.all(
    [1.5, 0, 0].map((seconds) => db.query({ text: 'select pg_sleep($1)', values: [seconds] })),
  );
  await until(
    async () => db.use(),
    ({ inUse, waiting }) => inUse === 1 && waiting === 2,
  );
  await sleeping;
  expect(db.use()).toMatchObject({ inUse: 0, waiting: 0 });
});

it('notices that Postgres was away, and not a statement that is wrong', async () => {
  const db = open({});
  await db.query({ text: 'select 1 / 0' }).catch(() => undefined);
  expect(db.wasAway()).toBe(false);
  const { rows } = await db.query<{ pid: number }>({ text: 'select pg_backend_pid() as pid' });
  await test.db.query({ text: 'select pg_terminate_backend($1)', values: [rows[0]!.pid] });
  await until(
    async () => db.wasAway(),
    (away) => away,
  );
});

it('does not use a connection again that turned out to lead to a read-only server', async () => {
  const db = open({ max: 1 });
  const first = await backendOf(db);
  await db.query({ text: 'set default_transaction_read_only = on' });
  const error = await db.query({ text: "insert into products (id, name) values ('x', 'X')" }).catch((e: unknown) => e);
  expect(isUnavailable(error)).toBe(true);
  expect(await backendOf(db)).not.toBe(first);
});

it('keeps a connection whose statement failed', async () => {
  const db = open({ max: 1 });
  const first = await backendOf(db);
  await db.query({ text: 'select 1 / 0' }).catch(() => undefined);
  expect(await backendOf(db)).toBe(first);
});

it('gives up a statement that gets no answer, and its connection', async () => {
  const proxy = await startTcpProxy(test.url);
  for (const transactionPooling of [false, true]) {
    const db = open({ max: 1, statementTimeoutMs: 500, transactionPooling }, proxy.url);
    const first = await backendOf(db);
    proxy.freeze();
    const error = await db.query({ text: 'select 1' }).catch((reason: unknown) => reason);
    expect(isUnavailable(error) && isOutcomeUnknown(error)).toBe(true);
    expect(db.use()).toMatchObject({ inUse: 0, refused: { silence: 1 } });
    expect(await backendOf(db)).not.toBe(first);
  }
  await proxy.stop();
});

it('gives up all waits for a Postgres that answers nothing, without waiting for its timeouts one by one', async () => {
  const proxy = await startTcpProxy(test.url);
  const db = open({ max: 1 }, proxy.url);
  await db.query({ text: 'select 1' });
  proxy.hang();
  const since = performance.now();
  const errors = await Promise.all(
    Array.from({ length: 5 }, () => db.query({ text: 'select 1' }).catch((reason: unknown) => reason)),
  );
  expect(performance.now() - since).toBeLessThan(10_000);
  expect(errors.map((error) => isUnavailable(error))).toEqual(errors.map(() => true));
  // The first one was sent.
  expect(errors.map(isOutcomeUnknown)).toEqual([true, false, false, false, false]);
  await expect(db.query({ text: 'select 1' })).rejects.toThrow('was not sent');
  proxy.restore();
  await until(
    () =>
      backendOf(db).then(
        () => true,
        () => false,
      ),
    (answers) => answers,
  );
  expect(db.use()).toMatchObject({ inUse: 0, waiting: 0 });
  await proxy.stop();
}, 30_000);

it('lets a statement run for as long as it may while Postgres answers other connections', async () => {
  const db = open({});
  expect((await db.query({ text: 'select pg_sleep(5)' })).rows).toHaveLength(1);
  expect(db.use().refused).toMatchObject({ silence: 0, connect: 0 });
}, 30_000);

it('takes the answer to a statement that came while the process was paused', async () => {
  const db = open({ max: 1, statementTimeoutMs: 1000 });
  await db.query({ text: 'select 1' });
  for (const run of [
    () => db.query({ text: 'select pg_sleep(0.1)' }),
    () => db.transaction((executor) => executor.query({ text: 'select pg_sleep(0.1)' })),
  ]) {
    const answer = run();
    await sleep(50);
    // Longer than the client waits.
    pause(3500);
    expect((await answer).rows).toHaveLength(1);
  }
  expect(db.use().refused.silence).toBe(0);
});

it('closes within seconds, also if the server has gone silent', async () => {
  const proxy = await startTcpProxy(test.url);
  const db = openDatabase(proxy.url, () => undefined);
  await db.query({ text: 'select 1' });
  proxy.freeze();
  const before = performance.now();
  await db.close();
  expect(performance.now() - before).toBeLessThan(20_000);
  await proxy.stop();
});
