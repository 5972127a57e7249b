import pino from 'pino';
import { DataSources } from '../../../src/composition/data-sources';
import { ComposeError, DataSourceUnavailableError, type QueryArgument } from '../../../src/domain/composing';
import { startTestComposer, type TestComposer } from '../../support/composer';
import { composition, OWNER, queryStep as step } from '../../support/compositions';
import { startMariaDb, type TestMariaDb } from '../../support/mariadb';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy';
import { until } from '../../support/until';

/** Queries, well-behaved and hostile, on a real MariaDB. */
let server: TestMariaDb;
let composer: TestComposer;

beforeAll(async () => {
  server = await startMariaDb();
  await server.run(
    'create table payment (id bigint primary key, amount decimal(12, 2), note text, paid_at timestamp(3) null)',
  );
  await server.run(
    "insert into payment values (18142, 123.00, 'say \"hi\"', '2026-01-31 10:00:00.5'), (2, 0.10, null, null)",
  );
  await server.run('create table written (n int)');
  await server.run('create function write_it() returns int begin insert into written values (1); return 1; end');
  await server.run(
    'create function set_it() returns int begin set @kept = 1; set session sql_mode = "ANSI_QUOTES"; return 1; end',
  );
  await server.run("create user reader@'%' identified by 'secret'");
  await server.run("grant select, execute on ledger.* to reader@'%'");
  composer = startTestComposer({
    ledger: server.urlOf('reader'),
    owner: server.url,
    gone: 'mysql://nobody@127.0.0.1:1/x',
  });
}, 120_000);
afterAll(async () => {
  await composer?.close();
  await server?.stop();
});

const run = async (...steps: ReturnType<typeof step>[]) => (await composer.compose(composition(...steps), 5000)).data;
async function faultOf(
  sql: string,
  overrides: Partial<ReturnType<typeof step>> = {},
  withinMs = 5000,
): Promise<string> {
  const failure: unknown = await composer.compose(composition(step(sql, overrides)), withinMs).catch((error) => error);
  if (!(failure instanceof ComposeError)) throw failure;
  return failure.message;
}
const paymentId = { name: 'id', type: 'int', from: '$data.paymentid' } as const;
const written = async () => (await server.run('select * from written')).length;

describe('queries on MariaDB', () => {
  it('returns the columns of a query in order, with the digits of the database', async () => {
    const sql = 'select id, amount, note, paid_at, :secret as secret from payment where id = :id and :id > 0';
    const secret = { name: 'secret', type: 'string', from: '$secret' } as const;
    expect(await run(step(sql, { arguments: [secret, paymentId] }))).toBe(
      '{"id":18142,"amount":123.00,"note":"say \\"hi\\"","paid_at":"2026-01-31T10:00:00.5+00:00","secret":"my\\"Secret"}',
    );
  });

  it.each([
    ['cast(12345678901234567890 as unsigned)', '12345678901234567890'],
    ['cast(-9007199254740993 as signed)', '-9007199254740993'],
    ['cast(1.50 as decimal(20, 10))', '1.5000000000'],
    ['12345678901234567890.123456789', '12345678901234567890.123456789'],
    ['cast(0.1 as double)', '0.1'],
    ['1e300', '1e+300'],
    ['cast(0.1 as float)', '0.1'],
    ['3', '3'],
    ['null', 'null'],
    ["date '2026-01-31'", '"2026-01-31"'],
    ["timestamp '2026-01-31 12:00:00'", '"2026-01-31T12:00:00"'],
    ["timestamp '2026-01-31 12:00:00.120'", '"2026-01-31T12:00:00.12"'],
    ["time '-12:00:00.5'", '"-12:00:00.5"'],
    ['unhex("00ff10")', '"AP8Q"'],
    ["b'101'", '"BQ=="'],
    ["_utf8mb4'ä𝄞\\n\"'", '"ä𝄞\\n\\""'],
    ['concat(1, 2)', '"12"'],
    ["date_format(date '2026-01-31', '%d.%m.%Y')", '"31.01.2026"'],
    ['upper("abc")', '"ABC"'],
    ["json_object('a', 1.50, 'b', true)", '{"a": 1.50, "b": true}'],
    ["cast('80342534-2508-4cab-a090-c25bf1ddf923' as uuid)", '"80342534-2508-4cab-a090-c25bf1ddf923"'],
    ['@@session.time_zone', '"+00:00"'],
  ])('writes %s as %s', async (expression, json) => {
    expect(await run(step(`select ${expression} as a`))).toBe(`{"a":${json}}`);
  });

  it('writes the columns of a table by their types', async () => {
    await server.run(`create table kinds (flag boolean, odd tinyint(1), tiny tinyint, bit1 bit(1), bits bit(12),
      filled decimal(8, 2) zerofill, number int(6) zerofill, small float, doc json, raw varbinary(4), kind enum('a', 'b'), at datetime(6), since year)`);
    await server.run(
      `insert into kinds values (true, 5, 1, b'1', b'101010101010', 1.50, 7, 16777216.0, '{"n": 1.00}', x'00ff', 'b', '2026-01-31 12:00', 2026)`,
    );
    expect(await run(step('select * from kinds'))).toBe(
      '{"flag":true,"odd":5,"tiny":1,"bit1":true,"bits":2730,"filled":1.50,"number":7,"small":16777216,"doc":{"n": 1.00},"raw":"AP8=","kind":"b","at":"2026-01-31T12:00:00","since":2026}',
    );
  });

  it.each<[QueryArgument['type'], QueryArgument['from'], string]>([
    ['string', 'it\'s \\ " ? :id ä𝄞', JSON.stringify('it\'s \\ " ? :id ä𝄞')],
    ['int', '123456789012345678', '123456789012345678'],
    ['number', '12345678901234567890.25', '12345678901234567890.250000000000000000000000000000'],
    ['boolean', true, '1'],
    ['date', '2026-01-31', '"2026-01-31"'],
    ['timestamp', '2026-01-31T12:00:00.25+02:00', '"2026-01-31T10:00:00.25"'],
    ['uuid', '80342534-2508-4CAB-A090-C25BF1DDF923', '"80342534-2508-4cab-a090-c25bf1ddf923"'],
    ['json', null, 'null'],
  ])('passes a %s argument of %j as it is', async (type, from, json) => {
    expect(await run(step('select :a as a', { arguments: [{ name: 'a', type, from }] }))).toBe(`{"a":${json}}`);
  });

  it('compares whole numbers exactly', async () => {
    const id = { name: 'id', type: 'int', from: '9007199254740993' } as const;
    const sql = 'select (:id = cast(9007199254740992 as signed)) as same';
    expect(await run(step(sql, { arguments: [id] }))).toBe('{"same":0}');
  });

  it('keeps the order of rows in a list, and merges several queries', async () => {
    const all = step('with p as (select id from payment) select id from p order by id desc;', { as: 'payments' });
    const none = step('select id from payment where false', { as: 'none' });
    expect(await run(step('select 1 as a'), all, none, step('select 2 as b -- the last'))).toBe(
      '{"a":1,"payments":[{"id":18142},{"id":2}],"none":[],"b":2}',
    );
  });

  it.each([
    ['select id from payment where false', 'the query on data source ledger returned no row'],
    ['select id from payment', 'the query on data source ledger returned more than 1 row(s)'],
    [
      'select nosuch from payment',
      'the query on data source ledger reads a column that does not exist (error 1054, SQLSTATE 42S22)',
    ],
    [
      'select 1 from nosuch_table',
      'the query on data source ledger reads a table that does not exist (error 1146, SQLSTATE 42S02)',
    ],
    ['select * from mysql.user', 'the query on data source ledger lacks a permission (error 1142, SQLSTATE 42000)'],
    ['select (select id from payment) as a', 'the query on data source ledger fails (error 1242, SQLSTATE 21000)'],
  ])('fails the query %j: %s', async (sql, message) => {
    expect(await faultOf(sql)).toBe(message);
  });

  it('fails a query on an unreachable data source', async () => {
    expect(await faultOf('select 1 as a', { dataSource: 'gone' })).toBe('the data source gone cannot be reached');
  });

  it('fails a definition that was written for another kind of database', async () => {
    expect(await faultOf('select 1 into @a')).toBe(
      'the query on data source ledger is not one for it: line 1, column 10: INTO is not supported: a query only returns rows',
    );
  });
});

describe('hostile queries on MariaDB', () => {
  it.each([
    ['writes in a function', 'select write_it() as n', /tries to write, but may only read \(error 1792/],
    ['returns a million rows', 'select seq as n from seq_1_to_1000000', /more than 1 row/],
    ['lifts the limit on rows', 'select seq as n from seq_1_to_10000000 limit 10000000', /more than 1 row/],
    ['returns one huge row', "select repeat('x', 5000000) as a", /are larger than 256 KiB/],
    [
      'returns many columns',
      `select ${Array.from({ length: 300 }, (_, i) => `repeat('x', 1000) as c${i}`).join()}`,
      /256 KiB/,
    ],
  ])('fails a query that %s, without a trace', async (_, sql, message) => {
    expect(await faultOf(sql, { dataSource: 'owner' })).toMatch(message);
    expect(await written()).toBe(0);
    expect(await run(step('select 1 as a', { dataSource: 'owner' }))).toBe('{"a":1}');
  });

  it('ends a sleeping query at its deadline, on the server', async () => {
    expect(await faultOf('select sleep(60) as a', {}, 300)).toMatch(/takes too long \(error 1969/);
    expect(await faultOf('select benchmark(1e12, md5(1)) as a', {}, 300)).toMatch(/takes too long/);
  });

  it('refuses a million rows, or more than 256 KiB, as a list', async () => {
    expect(await faultOf('select seq as n from seq_1_to_1000000', { as: 'rows' })).toMatch(/more than 1000/);
    expect(await faultOf("select repeat('x', 1000) as a from seq_1_to_1000", { as: 'rows' })).toMatch(
      /larger than 256 KiB/,
    );
  });

  it('does not wait for a row that somebody else has locked', async () => {
    await server.run('start transaction');
    await server.run('select * from payment where id = 2 for update');
    try {
      const sql = 'select id from payment where id = 2 for update';
      expect(await faultOf(sql, { dataSource: 'owner' }, 500)).toMatch(/takes too long|waits too long|may only read/);
    } finally {
      await server.run('rollback');
    }
  });
});

describe('checks of definitions for MariaDB', () => {
  const check = (...steps: ReturnType<typeof step>[]) =>
    composer.checkDefinition({ steps, transform: null }, null, { customer: 'the operators', subscription: 'a.v1' });

  it('finds no fault in a valid service definition', async () => {
    const query = step('select id, amount from payment where id = :id or id = :id', { arguments: [paymentId] });
    expect(await check(query, step('select 1 as id', { as: 'rows' }))).toEqual([]);
  });

  it.each([
    ['select 1 as a\nfrom form form form', 'line 2, column 16', /syntax/],
    ['select 1 as a,\n  :id as b, nosuch from payment', 'line 2, column 13', /Unknown column 'nosuch'/],
    ['select 1 as a from nosuch_table', 'line 1, column 20', /doesn't exist/],
    ['select 1 as a; drop table payment', 'line 1, column 16', /more than one statement/],
    ["select 1 as a into outfile '/tmp/x'", 'line 1, column 15', /INTO is not supported/],
    ['select a.id, b.id from payment a join payment b', '', /the name id is used twice/],
    ['select point(1, 2) as p', '', /the column p has a type that JSON does not have/],
    ['select id from mysql.user', '', /denied/],
  ])('refuses the query %j at %s', async (sql, place, message) => {
    const args = sql.includes(':id') ? [paymentId] : [];
    const [fault, ...others] = await check(step(sql, { arguments: args }));
    expect(others).toEqual([]);
    expect(fault).toEqual({ path: '/steps/0/sql', message: expect.stringMatching(message) });
    expect(fault!.message.startsWith(place)).toBe(true);
  });

  it('checks a query without running it', async () => {
    expect(await check(step("select sleep(60) as m, get_lock('checked', 0) as l"))).toEqual([]);
    expect(await server.run("select is_free_lock('checked') as free")).toEqual([{ free: 1 }]);
    expect(await check(step('select write_it() as n', { dataSource: 'owner' }))).toEqual([
      { path: '/steps/0/sql', message: 'Cannot execute statement in a READ ONLY transaction' },
    ]);
    expect(await written()).toBe(0);
  });

  it('distinguishes an unreachable data source from a fault of the definition', async () => {
    await expect(check(step('select 1 as a', { dataSource: 'gone' }))).rejects.toThrow(DataSourceUnavailableError);
  });
});

describe('what a MariaDB lets through', () => {
  const lines: { dataSource?: string; msg: string }[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  let sources: DataSources;
  beforeAll(() => {
    sources = new DataSources({ ledger: server.url.replace('mysql:', 'mariadb:') }, log, {
      kind: 'delivery',
      connections: 1,
    });
  });
  afterAll(() => sources?.close());
  const rows = (text: string) => sources.rows('ledger', OWNER, { text, parameters: [] }, [], 10, 1000);

  it('the server itself refuses a second statement', async () => {
    const text = 'select 1 as a; drop table written';
    expect(await sources.check('ledger', OWNER, { text, parameters: [] })).toMatchObject({ message: /syntax/ });
    await expect(rows(text)).rejects.toThrow(/error 1064/);
    expect(await written()).toBe(0);
  });

  it('the session is reset after a query: locks, variables and modes', async () => {
    expect(await rows("select get_lock('mine', 0) as locked")).toEqual(['{"locked":1}']);
    expect(await server.run("select is_free_lock('mine') as free")).toEqual([{ free: 1 }]);
    await rows('select set_it() as a, @seen := 2 as b');
    expect(await rows('select @kept as kept, @seen as seen, "text" as c')).toEqual([
      '{"kept":null,"seen":null,"c":"text"}',
    ]);
  });

  it('a login that may do more than read is named in the log, and one that reads is not', async () => {
    await server.run("create user writes_too@'%' identified by 'secret'");
    await server.run("grant select on ledger.* to writes_too@'%'");
    await server.run("grant insert (n) on ledger.written to writes_too@'%'");
    await server.run("create user reads_files@'%' identified by 'secret'");
    await server.run("grant file on *.* to reads_files@'%'");
    await server.run("grant select on ledger.* to reads_files@'%'");
    const asked = new DataSources(
      {
        root: server.url,
        files: server.urlOf('reads_files'),
        reads: server.urlOf('reader'),
        writes: server.urlOf('writes_too'),
        gone: 'mysql://nobody@127.0.0.1:1/none',
      },
      log,
    );
    lines.length = 0;
    await asked.warnOfPowers();
    await asked.close();
    expect(lines.map(({ dataSource, msg }) => [dataSource, msg])).toEqual([
      ['root', expect.stringContaining('is a superuser')],
      ['files', expect.stringContaining('may read files')],
      ['writes', expect.stringContaining('may write')],
      ['gone', expect.stringContaining('are unknown')],
    ]);
  });

  it.each([
    ['', '{"encrypted":0}'],
    ['?ssl-mode=disabled', '{"encrypted":0}'],
    ['?ssl-mode=required', '{"encrypted":1}'],
    ['?ssl-mode=verify-identity', 'the data source tls cannot be reached'],
  ])('the options %j of the URL decide about TLS', async (options, outcome) => {
    const own = new DataSources({ tls: `${server.url}${options}` }, log, { kind: 'delivery', connections: 1 });
    const sql =
      "select variable_value <> '' as encrypted from information_schema.session_status where variable_name = 'ssl_cipher'";
    const result = own.rows('tls', OWNER, { text: sql, parameters: [] }, [], 1, 2000);
    expect(await result.then(([row]) => row).catch((error: Error) => error.message)).toBe(outcome);
    await own.close();
  });

  it('more queries than connections wait for one another', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => rows(`select ${n} as n`)));
    expect(answers.flat()).toEqual(Array.from({ length: 8 }, (_, n) => `{"n":${n}}`));
  });
});

describe('a MariaDB whose connection is lost', () => {
  let proxy: TcpProxy;
  let through: TestComposer;
  beforeEach(async () => {
    proxy = await startTcpProxy(server.urlOf('reader'));
    through = startTestComposer({ ledger: proxy.url });
  });
  afterEach(async () => {
    await through?.close();
    await proxy?.stop();
  });
  const sleeping = async () => {
    const found = (await server.run(
      "select id from information_schema.processlist where info like '%sleep(4)%' and user = 'reader'",
    )) as { id: number }[];
    return found[0]?.id;
  };

  it.each([
    ['its session is killed', (id: number) => server.run(`kill ${id}`)],
    ['the server crashes', () => proxy.cut()],
  ])('fails the query and not the process if %s, and the next query gets a new connection', async (_, lose) => {
    const running = through.compose(composition(step('select sleep(4) as s')), 5000).catch((error: unknown) => error);
    await lose((await until(sleeping, (id) => id !== undefined))!);
    expect(await running).toBeInstanceOf(DataSourceUnavailableError);
    const next = await through.compose(composition(step('select 1 as a')), 5000);
    expect(next.data).toBe('{"a":1}');
  });

  it('gives up a query, and a connection, that the network swallows', async () => {
    await through.compose(composition(step('select 1 as a')), 5000);
    proxy.hang();
    const query = () => through.compose(composition(step('select 1 as a')), 300).catch((error: Error) => error.message);
    expect(await query()).toMatch(/does not respond|cannot be reached/);
    expect(await query()).toBe('the data source ledger cannot be reached');
    proxy.restore();
    expect((await through.compose(composition(step('select 1 as a')), 5000)).data).toBe('{"a":1}');
  });
});
