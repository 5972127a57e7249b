import pino from 'pino';
import { DataSources } from '../../src/composition/data-sources';
import { ComposeError, DataSourceUnavailableError, type QueryStep } from '../../src/domain/composing';
import { startTestComposer, type TestComposer } from '../support/composer';
import { composition, OWNER, queryStep as step } from '../support/compositions';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy';
import { until } from '../support/until';

/** Queries, well-behaved and hostile, on a real data source. */
let database: TestDatabase;
let composer: TestComposer;

beforeAll(async () => {
  database = await createTestDatabase();
  const run = (text: string) => database.db.query({ text });
  await run('create table payment (id bigint primary key, amount numeric(12, 2), note text, paid_at timestamptz)');
  await run("insert into payment values (18142, 123.00, 'say \"hi\"', '2026-01-31 12:00+02'), (2, 0.10, null, null)");
  await run('create table written (n int)');
  await run(
    'create function write_it() returns int language plpgsql as $$ begin insert into written values (1); return 1; end $$',
  );
  await run(`create function write_unbound() returns int language plpgsql as $$ begin
    perform set_config('transaction_read_only', 'off', false); insert into written values (1); return 1; end $$`);
  await run(`create function raise_text(what text) returns int language plpgsql as $$ begin raise '%', what; end $$`);
  composer = startTestComposer({ ledger: database.url, gone: 'postgres://nobody@127.0.0.1:1/none' });
});
afterAll(async () => {
  await composer?.close();
  await database?.drop();
});

const run = async (...steps: QueryStep[]) => (await composer.compose(composition(...steps), 5000)).data;
async function faultOf(sql: string, overrides: Partial<QueryStep> = {}, withinMs = 5000): Promise<string> {
  const failure: unknown = await composer.compose(composition(step(sql, overrides)), withinMs).catch((error) => error);
  if (!(failure instanceof ComposeError)) throw failure;
  return failure.message;
}
const paymentId = { name: 'id', type: 'int', from: '$data.paymentid' } as const;

describe('queries of service definitions', () => {
  it('looks nothing up by data that a customer chose, in an attempt or a dry run', async () => {
    const { event, ...rest } = composition(
      step('select amount from payment where id = :id', { arguments: [paymentId] }),
    );
    await expect(composer.compose({ ...rest, event: { ...event, chosenByCustomer: true } }, 5000)).rejects.toThrow(
      'the customer chose the data of this event',
    );
  });

  it('returns the columns of a query in order, with the digits of Postgres', async () => {
    const sql = 'select id, amount, note, paid_at, :secret as secret from payment where id = :id';
    const secret = { name: 'secret', type: 'string', from: '$secret' } as const;
    const query = step(sql, { arguments: [secret, paymentId] });
    expect(await composer.compose(composition(query), 5000)).toEqual({
      data: '{"id":18142,"amount":123.00,"note":"say \\"hi\\"","paid_at":"2026-01-31T10:00:00+00:00","secret":"my\\"Secret"}',
      whole: true,
      holdsSecret: true,
    });
  });

  it('merges the columns of several queries, and the rows of a named query as a list', async () => {
    const all = step('select id from payment order by id;', { as: 'payments', dataSource: 'ledger' });
    const none = step('select id from payment where false', { as: 'none' });
    expect(await run(step('select 1 as a'), all, none, step('select 2 as b -- the last'))).toBe(
      '{"a":1,"payments":[{"id":2},{"id":18142}],"none":[],"b":2}',
    );
  });

  it('binds null for a missing field', async () => {
    const missing = { name: 'id', type: 'int', from: '$data.nosuch' } as const;
    expect(await run(step('select :id is null as missing', { arguments: [missing] }))).toBe('{"missing":true}');
  });

  it.each([
    ['select id from payment where false', 'the query on data source ledger returned no row'],
    ['select id from payment', 'the query on data source ledger returned more than 1 row(s)'],
    ['select id / 0 from payment', 'the query on data source ledger fails (SQLSTATE 22012)'],
    [
      'select nosuch from payment',
      'the query on data source ledger reads a column that does not exist (SQLSTATE 42703)',
    ],
    ['select 1 from nosuch', 'the query on data source ledger reads a table that does not exist (SQLSTATE 42P01)'],
  ])('fails the query %j: %s', async (sql, message) => {
    expect(await faultOf(sql)).toBe(message);
  });

  it('keeps values out of the errors of a query, whatever Postgres reports', async () => {
    const card = { name: 'card', type: 'string', from: '$data.who.card' } as const;
    expect(await faultOf('select :card::int as n', { arguments: [card] })).toBe(
      'the query on data source ledger fails (SQLSTATE 22P02)',
    );
    expect(await faultOf('select raise_text(:card)', { arguments: [card] })).toBe(
      'the query on data source ledger fails (SQLSTATE P0001)',
    );
    expect(await faultOf('select :card as n', { arguments: [{ ...card, type: 'int' }] })).toBe(
      'the argument card is not of type int',
    );
  });

  it('fails a query on an unknown or unreachable data source', async () => {
    expect(await faultOf('select 1 as a', { dataSource: 'nosuch' })).toBe('the data source nosuch is not configured');
    expect(await faultOf('select 1 as a', { dataSource: 'gone' })).toBe('the data source gone cannot be reached');
  });
});

describe('hostile queries', () => {
  const written = async () => (await database.db.query({ text: 'select from written' })).rowCount;

  it.each([
    ['writes in a function', 'select write_it() as n', /tries to write, but may only read \(SQLSTATE 25006\)/],
    ['turns read-only mode off', 'select write_unbound() as n', /SQLSTATE 25001/],
    ['locks rows', 'select id from payment for update', /SQLSTATE 25006/],
    ['writes in a WITH', 'with w as (insert into written values (1) returning n) select * from w', /SQLSTATE 0A000/],
    ['returns a million rows', 'select n from generate_series(1, 1000000) as n', /more than 1 row/],
    ['returns one huge row', "select repeat('x', 5000000) as a", /are larger than 256 KiB/],
  ])('fails a query that %s, without a trace', async (_, sql, message) => {
    expect(await faultOf(sql)).toMatch(message);
    expect(await written()).toBe(0);
    expect(await run(step('select 1 as a'))).toBe('{"a":1}');
  });

  it('ends a sleeping query at its deadline', async () => {
    expect(await faultOf('select pg_sleep(60)', {}, 200)).toMatch(/takes too long \(SQLSTATE 57014\)/);
  });

  it('refuses a million rows, or more than 256 KiB, as a list', async () => {
    expect(await faultOf('select n from generate_series(1, 1000000) as n', { as: 'rows' })).toMatch(/more than 1000/);
    expect(await faultOf("select repeat('x', 1000) as a from generate_series(1, 1000)", { as: 'rows' })).toMatch(
      /larger than 256 KiB/,
    );
  });

  it('resets the session after a query that changes it', async () => {
    await run(step("select set_config('search_path', 'nowhere', false) as a"));
    for (let tries = 0; tries < 5; tries++) expect(await run(step('select count(*) from payment'))).toBe('{"count":2}');
  });

  it('fails a query if the queries before it took all the time', async () => {
    const slow = step('select 1 as n from pg_sleep(0.2)');
    await expect(composer.compose(composition(slow, step('select 2 as m')), 150)).rejects.toThrow(/too long/);
  });
});

describe('checks before a service definition is saved', () => {
  const schema = { properties: { paymentid: { type: 'string' } } };
  const check = (...steps: QueryStep[]) =>
    composer.checkDefinition({ steps, transform: null }, schema, { customer: 'the operators', subscription: 'a.v1' });

  it('finds no fault in a valid service definition', async () => {
    const query = step('select id, amount from payment where id = :id', { arguments: [paymentId] });
    expect(await check(query, step('select 1 as id', { as: 'rows' }))).toEqual([]);
  });

  it.each<[string, Partial<QueryStep>, { path: string; message: string }]>([
    [
      'select 1 as a; drop table payment',
      {},
      { path: '/steps/0/sql', message: 'line 1, column 16: there is more than one statement' },
    ],
    [
      'drop table payment',
      {},
      { path: '/steps/0/sql', message: 'line 1, column 1: a query must begin with SELECT or WITH' },
    ],
    ['select :nosuch', {}, { path: '/steps/0/sql', message: 'line 1, column 8: there is no argument nosuch' }],
    [
      'select 1 as a\nfrom form form form',
      {},
      { path: '/steps/0/sql', message: 'line 2, column 16: syntax error at or near "form"' },
    ],
    [
      'select 1 as a,\n  :id as b, nosuch from payment',
      { arguments: [paymentId] },
      { path: '/steps/0/sql', message: 'line 2, column 13: column "nosuch" does not exist' },
    ],
    [
      "select 'ä𝄞' as a, nosuch from payment",
      {},
      { path: '/steps/0/sql', message: 'line 1, column 20: column "nosuch" does not exist' },
    ],
    [
      'select 1 as a from nosuch',
      {},
      { path: '/steps/0/sql', message: 'line 1, column 20: relation "nosuch" does not exist' },
    ],
    [
      'with w as (delete from payment returning id) select id from w',
      {},
      {
        path: '/steps/0/sql',
        message: 'line 1, column 6: WITH clause containing a data-modifying statement must be at the top level',
      },
    ],
    [
      'select 1 as a into written',
      {},
      { path: '/steps/0/sql', message: 'line 1, column 20: SELECT ... INTO is not allowed here' },
    ],
    ['select 1', {}, { path: '/steps/0/sql', message: 'a column has no name; name it with AS' }],
    ['select 1 as a, 2 as a', {}, { path: '/steps/0/sql', message: 'the name a is used twice' }],
    ['select from payment', {}, { path: '/steps/0/sql', message: 'the query has no columns' }],
    [
      'select 1 as a',
      { dataSource: 'nosuch' },
      { path: '/steps/0/dataSource', message: 'there is no data source nosuch' },
    ],
    [
      'select 1 as a',
      { arguments: [paymentId] },
      { path: '/steps/0/arguments/0/name', message: 'is not used in the SQL' },
    ],
    [
      'select :id as a',
      { arguments: [{ ...paymentId, from: '$data.nosuch' }] },
      { path: '/steps/0/arguments/0/from', message: 'the event type has no argument nosuch' },
    ],
    [
      'select :id as a',
      { arguments: [{ ...paymentId, from: '$nosuch' }] },
      { path: '/steps/0/arguments/0/from', message: 'expected $data.<field>, $secret, or a value without a leading $' },
    ],
    [
      'select :id as a',
      { arguments: [{ ...paymentId, from: 'x' }] },
      { path: '/steps/0/arguments/0/from', message: 'is not of type int' },
    ],
    [
      'select :id as a',
      { arguments: [paymentId, paymentId] },
      { path: '/steps/0/arguments/1/name', message: 'the argument id is defined twice' },
    ],
  ])('refuses the query %j, %j with the position of the fault', async (sql, overrides, fault) => {
    expect(await check(step(sql, overrides))).toEqual([fault]);
  });

  it('refuses two steps with the same field name', async () => {
    const rows = step('select 1 as n', { as: 'a' });
    expect(await check(step('select 1 as a'), rows, step('select 2 as a'))).toEqual([
      { path: '/steps/1/as', message: 'the name a is used twice' },
      { path: '/steps/2/sql', message: 'the name a is used twice' },
    ]);
  });

  it('checks a query without running it', async () => {
    expect(await check(step('select write_it() as n, pg_sleep(60) as m'))).toEqual([]);
    expect((await database.db.query({ text: 'select from written' })).rowCount).toBe(0);
  });

  it('distinguishes an unreachable data source from a fault of the definition', async () => {
    await expect(check(step('select 1 as a', { dataSource: 'gone' }))).rejects.toThrow(DataSourceUnavailableError);
  });
});

describe('a data source whose connection is lost during a query', () => {
  let proxy: TcpProxy;
  let through: TestComposer;
  beforeEach(async () => {
    proxy = await startTcpProxy(database.url);
    through = startTestComposer({ ledger: proxy.url });
  });
  afterEach(async () => {
    await through.close();
    await proxy.stop();
  });
  const isRunning = async () => {
    const { rows } = await database.db.query<{ pid: number }>({
      text: `select pid from pg_stat_activity where datname = current_database() and state = 'active'
        and application_name = 'signpost-definitions' and query like '%pg_sleep(5)%'`,
    });
    return rows[0]?.pid;
  };

  it.each([
    ['its backend is terminated', (pid: number) => database.db.query({ text: `select pg_terminate_backend(${pid})` })],
    ['the server crashes', () => proxy.cut()],
  ])('fails the query and not the process if %s, and the next query gets a new connection', async (_, lose) => {
    const running = through
      .compose(composition(step('select pg_sleep(5) as s')), 5000)
      .catch((error: unknown) => error);
    await lose((await until(isRunning, (pid) => pid !== undefined))!);
    expect(await running).toBeInstanceOf(DataSourceUnavailableError);
    const next = await through.compose(composition(step('select 1 as a')), 5000);
    expect(next.data).toBe('{"a":1}');
  });
});

describe('what a data source lets through', () => {
  const lines: { level: number; msg: string; dataSource?: string }[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  let sources: DataSources;
  beforeAll(() => {
    sources = new DataSources({ ledger: database.url }, log, { kind: 'delivery', connections: 1 });
  });
  afterAll(() => sources.close());

  it.each([0, 1])('Postgres itself refuses a second statement, with %i parameters', async (count) => {
    const text = `select 1${count ? ' + $1::int' : ''}) as q; commit; drop table written; select * from (select 1`;
    const parameters = Array.from({ length: count }, () => ({ name: 'n', type: 'int' as const }));
    expect(await sources.check('ledger', OWNER, { text, parameters })).toMatchObject({
      message: 'cannot insert multiple commands into a prepared statement',
    });
    await expect(
      sources.rows(
        'ledger',
        OWNER,
        { text, parameters },
        parameters.map(() => '1'),
        1,
        1000,
      ),
    ).rejects.toThrow(/SQLSTATE 42601/);
    expect((await database.db.query({ text: 'select from written' })).rowCount).toBe(0);
  });

  it('a lock that a query takes for its session does not outlive it', async () => {
    const lock = { text: 'select pg_advisory_lock(42)::text as locked', parameters: [] };
    expect(await sources.rows('ledger', OWNER, lock, [], 1, 1000)).toHaveLength(1);
    const { rows } = await database.db.query({ text: 'select pg_try_advisory_lock(42) as free' });
    expect(rows).toEqual([{ free: true }]);
  });

  it('a role that may do more than read is named in the log, and one that reads is not', async () => {
    await database.db.query({ text: 'create role reads_only login password $$secret$$' });
    await database.db.query({ text: 'grant select on payment to reads_only' });
    await database.db.query({ text: 'create role writes_too login password $$secret$$' });
    await database.db.query({ text: 'grant insert on payment to writes_too' });
    const urlOf = (role: string) => {
      const url = new URL(database.url);
      [url.username, url.password] = [role, 'secret'];
      return url.toString();
    };
    const asked = new DataSources(
      {
        root: database.url,
        reads: urlOf('reads_only'),
        writes: urlOf('writes_too'),
        gone: 'postgres://nobody@127.0.0.1:1/none',
      },
      log,
    );
    lines.length = 0;
    await asked.warnOfPowers();
    await asked.close();
    await database.db.query({ text: 'drop owned by reads_only, writes_too; drop role reads_only, writes_too' });
    expect(lines.map(({ dataSource, msg }) => [dataSource, msg])).toEqual([
      ['root', expect.stringContaining('is a superuser')],
      ['writes', expect.stringContaining('may write')],
      ['gone', expect.stringContaining('are unknown')],
    ]);
  });
});

describe('customers at a data source', () => {
  const sleeping = step('select 1 as n from pg_sleep(0.4)');
  const quick = step('select 2 as n');
  let own: TestComposer;
  const of = (customer: string, query: QueryStep, withinMs = 5000) =>
    own.compose({ ...composition(query), owner: { customer, subscription: 's' } }, withinMs);

  beforeAll(() => {
    own = startTestComposer({ ledger: database.url });
  });
  afterAll(() => own?.close());

  it('one with slow queries leaves a connection to the others, and so do many', async () => {
    let ended = 0;
    const slow = Array.from({ length: 60 }, (_, number) =>
      of(`slow ${number % 3}`, sleeping)
        .catch((error: Error) => error.name)
        .finally(() => (ended += 1)),
    );
    // Each has a first turn, before it is known to be slow.
    await until(
      async () => ended,
      (count) => count >= 4,
    );
    const before = ended;
    for (let time = 0; time < 20; time++) expect((await of('quick', quick)).data).toBe('{"n":2}');
    // One after the other, each would have waited for all of those.
    expect(ended - before).toBeLessThan(30);
    // What got no turn is put off, and does not fail.
    const outcomes = new Set(await Promise.all(slow.map(async (one) => (await one) as unknown)));
    expect(outcomes).toContain('ComposerBusyError');
    for (const outcome of outcomes)
      expect(['ComposerBusyError', { data: '{"n":1}', whole: true, holdsSecret: false }]).toContainEqual(outcome);
  });
});
