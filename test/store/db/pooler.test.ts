import {
  isOutcomeUnknown,
  isUnavailable,
  openDatabase,
  type Database,
  type PoolLimits,
} from '../../../src/store/db/database';
import { inspectPostgres } from '../../../src/store/db/pooler';
import { createTestDatabase, type TestDatabase } from '../../support/database';
import { runNode } from '../../support/processes';
import { startDocumentedPgBouncer, startPgBouncer, type PgBouncer, type PoolMode } from '../../support/pgbouncer';
import { startTcpProxy } from '../../support/tcp-proxy';
import { until } from '../../support/until';

let test: TestDatabase;
let pgBouncer: PgBouncer | undefined;
const opened: Database[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((db) => db.close()));
  await pgBouncer?.stop();
  pgBouncer = undefined;
});
afterAll(() => test.drop());

async function behind(mode: PoolMode, settings: Record<string, number> = {}): Promise<string> {
  pgBouncer = await startPgBouncer(test.url, mode, settings);
  return pgBouncer.url;
}

function open(url: string, limits: Partial<PoolLimits>): Database {
  const db = openDatabase(url, () => undefined, limits);
  opened.push(db);
  return db;
}

it('finds no pooler in front of Postgres itself', async () => {
  await expect(inspectPostgres(test.url)).resolves.toBe('none');
});

it.each(['session', 'transaction'] as const)('recognizes PgBouncer in %s mode', async (mode) => {
  await expect(inspectPostgres(await behind(mode))).resolves.toBe(mode);
});

it.each(['session', 'transaction'] as const)(
  'PgBouncer works with the documented settings in %s mode',
  async (mode) => {
    pgBouncer = await startDocumentedPgBouncer(test.url, mode);
    await expect(inspectPostgres(pgBouncer.url)).resolves.toBe(mode);
    const wrong = new URL(pgBouncer.url);
    wrong.password = 'wrong';
    await expect(open(wrong.toString(), {}).query({ text: 'select' })).rejects.toThrow('SASL authentication failed');
  },
);

it('refuses PgBouncer in statement mode and says what to set', async () => {
  await expect(inspectPostgres(await behind('statement'))).rejects.toThrow(/statement mode.*Set pool_mode/);
});

it('recognizes transaction mode while other clients take connections', async () => {
  const url = await behind('transaction');
  const others = open(url, { transactionPooling: true, max: 5 });
  let done = false;
  const busy = Promise.all(
    Array.from({ length: 5 }, async () => {
      while (!done) await others.query({ text: 'select pg_sleep(0.002)' });
    }),
  );
  for (let times = 0; times < 10; times++) await expect(inspectPostgres(url)).resolves.toBe('transaction');
  done = true;
  await busy;
});

describe('a pool behind PgBouncer in transaction mode', () => {
  const limits = { transactionPooling: true, genericPlans: true, max: 4 } as const;

  it('runs named statements with parameters on any connection', async () => {
    const db = open(await behind('transaction', { default_pool_size: 3 }), limits);
    const sums = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        db.query<{ sum: number }>({ name: 'sum', text: 'select $1::int + 1 as sum', values: [index] }),
      ),
    );
    expect(sums.map(({ rows }) => rows[0]!.sum)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  });

  it('applies its own limits to each statement and transaction, and leaves none behind', async () => {
    const url = await behind('transaction', { default_pool_size: 1 });
    const shown = (name: string) => ({ text: `select current_setting('${name}') as value` });
    const short = open(url, { ...limits, statementTimeoutMs: 4000, lockTimeoutMs: 3000 });
    const long = open(url, { ...limits, statementTimeoutMs: 9000, lockTimeoutMs: 8000 });
    const other = open(url, { transactionPooling: true });
    for (const [db, statement, lock] of [
      [short, '4s', '3s'],
      [long, '9s', '8s'],
      [other, '30s', '5s'],
      [short, '4s', '3s'],
    ] as const) {
      await expect(db.query(shown('statement_timeout'))).resolves.toMatchObject({ rows: [{ value: statement }] });
      await db.transaction(async (executor) => {
        await expect(executor.query(shown('lock_timeout'))).resolves.toMatchObject({ rows: [{ value: lock }] });
        await expect(executor.query(shown('plan_cache_mode'))).resolves.toMatchObject({ rows: [{ value: 'auto' }] });
      });
    }
  });

  it('ends a statement that runs too long, and uses the connection again', async () => {
    const db = open(await behind('transaction'), { ...limits, statementTimeoutMs: 100, max: 1 });
    await expect(db.query({ text: 'select pg_sleep(5)' })).rejects.toMatchObject({ code: '57014' });
    await expect(db.query({ text: 'select 1 as one' })).resolves.toMatchObject({ rows: [{ one: 1 }] });
  });

  it('does not know whether a statement took effect if PgBouncer loses Postgres meanwhile, and goes on', async () => {
    const proxy = await startTcpProxy(test.url);
    pgBouncer = await startPgBouncer(proxy.url, 'transaction');
    const db = open(pgBouncer.url, { ...limits, max: 1 });
    await db.query({ text: 'select 1' });
    const lost = db.query({ text: 'select pg_sleep(5)' }).catch((error: unknown) => error);
    await until(
      () =>
        test.db.query({ text: `select from pg_stat_activity where state = 'active' and query = 'select pg_sleep(5)'` }),
      ({ rows }) => rows.length === 1,
    );
    proxy.cut();
    const error = await lost;
    expect([isOutcomeUnknown(error), isUnavailable(error)]).toEqual([true, true]);
    await expect(db.query({ text: 'select 1 as one' })).resolves.toMatchObject({ rows: [{ one: 1 }] });
    await proxy.stop();
  });

  it('rolls back a statement that fails, alone and in a transaction', async () => {
    const db = open(await behind('transaction'), { ...limits, max: 1 });
    await expect(db.query({ text: "select 'x'::int" })).rejects.toMatchObject({ code: '22P02' });
    await expect(
      db.transaction(async (executor) => {
        await executor.query({ text: "insert into products (id, name) values ('rolled-back', 'P')" });
        await executor.query({ text: 'select 1 / 0' });
      }),
    ).rejects.toMatchObject({ code: '22012' });
    const { rows } = await db.query({ text: "select from products where id = 'rolled-back'" });
    expect(rows).toHaveLength(0);
  });
});

/** Migrates and builds indexes, as a starting process does. */
const PREPARE = `
  const { migrate } = require('./dist/store/db/migrate');
  const { completeIndexes } = require('./dist/store/db/complete-indexes');
  const url = process.argv[1];
  migrate(url).then(async (run) => console.log(JSON.stringify({ run, built: await completeIndexes(url) })));
`;

describe.each(['session', 'transaction'] as const)('start-up behind PgBouncer in %s mode', (mode) => {
  it('several processes migrate an empty database concurrently, and one of them does the work', async () => {
    const empty = await createTestDatabase();
    await empty.db.query({ text: 'drop schema public cascade' });
    await empty.db.query({ text: 'create schema public' });
    pgBouncer = await startPgBouncer(empty.url, mode);
    const outputs = await Promise.all([1, 2, 3].map(() => runNode(['-e', PREPARE, pgBouncer!.url])));
    const runs = outputs.map((output) => JSON.parse(output) as { run: string[]; built: string[] });
    expect(runs.filter(({ run }) => run.length > 0)).toHaveLength(1);
    const { rows } = await empty.db.query({ text: 'select from pg_index where not indisvalid' });
    expect(rows).toHaveLength(0);
    await pgBouncer.stop();
    await empty.drop();
  });
});
