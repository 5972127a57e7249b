import { setTimeout as sleep } from 'node:timers/promises';
import {
  isContended,
  isUnavailable,
  openDatabase,
  type Database,
  type PoolLimits,
} from '../../../src/store/db/database';
import { createTestDatabase, type TestDatabase } from '../../support/database';
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

it('reports how many connections are in use and how many callers wait', async () => {
  const db = open({ max: 1 });
  const sleeping = Promise.all([1, 2, 3].map(() => db.query({ text: 'select pg_sleep(0.3)' })));
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

it('closes within seconds, also if the server has gone silent', async () => {
  const proxy = await startTcpProxy(test.url);
  const db = openDatabase(proxy.url, () => undefined);
  await db.query({ text: 'select 1' });
  proxy.freeze();
  const before = performance.now();
  await db.close();
  expect(performance.now() - before).toBeLessThan(5000);
  await proxy.stop();
});
