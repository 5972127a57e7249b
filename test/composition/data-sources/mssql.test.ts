import pino from 'pino';
import { DataSources } from '../../../src/composition/data-sources';
import { columnToJson } from '../../../src/composition/data-sources/mssql-columns';
import { ComposeError, DataSourceUnavailableError } from '../../../src/domain/composing';
import { OWNER } from '../../support/compositions';
import { startSqlServerStandIn, TDS, type Answer, type SqlServerStandIn } from '../../support/sql-server-stand-in';

/** The driver of SQL Server, without a real one: the results are made up. */
let server: SqlServerStandIn;
let sources: DataSources;
let answer: (request: string) => Answer;
const lines: { msg: string }[] = [];

beforeAll(async () => {
  server = await startSqlServerStandIn((request) => answer(request));
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  sources = new DataSources({ ledger: server.url, gone: 'sqlserver://nobody@127.0.0.1:1/x' }, log, {
    kind: 'delivery',
    connections: 2,
  });
});
afterAll(async () => {
  await sources?.close();
  await server?.stop();
});

const rows = (text: string, values: string[] = [], maxRows = 10, timeoutMs = 2000, source = 'ledger') =>
  sources.rows(
    source,
    OWNER,
    { text, parameters: values.map((_, index) => ({ name: `a${index}`, type: 'string' as const })) },
    values,
    maxRows,
    timeoutMs,
  );

describe('queries on SQL Server', () => {
  it('runs in a transaction that is rolled back, with limits, and its values as parameters', async () => {
    answer = () => ({ columns: [TDS.nvarchar('a')], rows: [[TDS.text('b')]] });
    await rows('select @p1 as a', ["it's 18142"]);
    const request = server.requests.at(-1)!;
    expect(request).toContain(
      'set xact_abort on; set lock_timeout 2000; set rowcount 10; set textsize 524290; if @@trancount > 0 rollback transaction; begin transaction; select @p1 as a\n;rollback transaction',
    );
    expect(request).toContain('@p1 nvarchar(4000)');
    expect(request).toContain("it's 18142");
  });

  it('returns the columns of a query in order, with the digits of the database', async () => {
    const columns = [
      TDS.bigint('big'),
      TDS.decimal('amount', 2),
      TDS.nvarchar('note'),
      TDS.bit('flag'),
      TDS.int('none'),
      TDS.datetime2('at'),
      TDS.varbinary('raw'),
    ];
    const row = [
      TDS.whole(-9007199254740993n, 8),
      TDS.digits(12300n),
      TDS.text('say "hi" ä𝄞'),
      TDS.whole(1n, 1),
      TDS.null,
      TDS.time(360_001_234_567n, 739_646),
      TDS.bytes(Buffer.from([0, 255])),
    ];
    answer = () => ({ columns, rows: [row, [...row.slice(0, 2), TDS.nullText, ...row.slice(3)]] });
    expect(await rows('select 1')).toEqual([
      '{"big":-9007199254740993,"amount":123.00,"note":"say \\"hi\\" ä𝄞","flag":true,"none":null,"at":"2026-01-31T10:00:00.1234567","raw":"AP8="}',
      expect.stringContaining('"note":null'),
    ]);
  });

  it('reads at most as many rows as asked for, and cancels the rest', async () => {
    function* endless() {
      for (;;) yield [TDS.text('x')];
    }
    answer = () => ({ columns: [TDS.nvarchar('a')], rows: endless() });
    const before = server.attentions;
    expect(await rows('select 1', [], 3)).toHaveLength(3);
    answer = () => ({ columns: [TDS.nvarchar('a')], rows: [[TDS.text('next')]] });
    expect(await rows('select 2')).toEqual(['{"a":"next"}']);
    expect(server.attentions).toBe(before + 1);
  });

  it('refuses more than 256 KiB, and cancels the rest', async () => {
    function* endless() {
      for (;;) yield [TDS.text('x'.repeat(4000))];
    }
    answer = () => ({ columns: [TDS.nvarchar('a')], rows: endless() });
    await expect(rows('select 1', [], 1_000_000)).rejects.toThrow(
      'the rows of data source ledger are larger than 256 KiB',
    );
  });

  it('refuses a second result', async () => {
    answer = () => ({ columns: [TDS.nvarchar('a')], rows: [[TDS.text('x')]], second: true });
    await expect(rows('select 1')).rejects.toThrow('the query on data source ledger has more than one result');
  });

  it('refuses a column that JSON has no form for', async () => {
    answer = () => ({ columns: [TDS.variant('a')], rows: [] });
    await expect(rows('select 1')).rejects.toThrow('the column a has a type that JSON does not have');
  });

  it.each([
    [208, 'the query on data source ledger reads a table that does not exist (error 208)'],
    [229, 'the query on data source ledger lacks a permission (error 229)'],
    [1222, 'the query on data source ledger waits too long for a lock (error 1222)'],
    [8134, 'the query on data source ledger fails (error 8134)'],
  ])('keeps the message of error %i out of the error of a query', async (number, message) => {
    answer = () => ({ error: { number, message: 'value 4111-secret', line: 1 } });
    await expect(rows('select 1')).rejects.toThrow(new ComposeError(message));
  });

  it('ends a query at its deadline, and uses the connection again', async () => {
    answer = () => 'hang';
    await expect(rows('select 1', [], 1, 200)).rejects.toThrow(
      new ComposeError('the query on data source ledger takes too long (time limit)'),
    );
    answer = () => ({ columns: [TDS.nvarchar('a')], rows: [[TDS.text('next')]] });
    expect(await rows('select 2')).toEqual(['{"a":"next"}']);
  });

  it('distinguishes a data source that cannot be reached', async () => {
    await expect(rows('select 1', [], 1, 1000, 'gone')).rejects.toThrow(
      new DataSourceUnavailableError('the data source gone cannot be reached'),
    );
  });
});

describe('checks of definitions for SQL Server', () => {
  const check = () =>
    sources.check('ledger', OWNER, { text: 'select @p1 as a', parameters: [{ name: 'a', type: 'string' }] });
  const described = [TDS.bit('is_hidden'), TDS.nvarchar('name'), TDS.nvarchar('system_type_name')];
  const describing = (...columns: [boolean, string | null, string][]) => {
    answer = () => ({
      columns: described,
      rows: columns.map(([hidden, name, type]) => [
        TDS.whole(hidden ? 1n : 0n, 1),
        name === null ? TDS.nullText : TDS.text(name),
        TDS.text(type),
      ]),
    });
  };

  it('lets the server describe the result, without running the query', async () => {
    describing([false, 'a', 'nvarchar(4000)'], [false, null, 'int'], [true, 'key', 'int']);
    expect(await check()).toEqual({ columns: ['a', ''] });
    const request = server.requests.at(-1)!;
    expect(request).toContain('exec sys.sp_describe_first_result_set @tsql = @query, @params = @declarations');
    expect(request).toContain('select @p1 as a');
    expect(request).toContain('@p1 nvarchar(4000)');
    expect(request).not.toContain('begin transaction');
  });

  it.each([
    ['a', 'geometry', 'the column a has a type that JSON does not have; convert it in the query'],
    ['JSON_F52E2B61-18A1-11d1-B105-00805F49916B', 'ntext', 'FOR JSON and FOR XML are not supported: return columns'],
  ])('refuses the column %s of type %s', async (name, type, message) => {
    describing([false, name, type]);
    expect(await check()).toEqual({ message });
  });

  it('returns the message of an error of the author with its line', async () => {
    answer = () => ({ error: { number: 207, message: "Invalid column name 'nosuch'.", line: 3 } });
    expect(await check()).toEqual({ message: "Invalid column name 'nosuch'.", line: 3 });
  });

  it('does not blame the author for a problem of the server', async () => {
    answer = () => ({ error: { number: 701, message: 'There is insufficient memory.', line: 1, severity: 17 } });
    await expect(check()).rejects.toThrow('the query on data source ledger fails (error 701)');
  });
});

it.each([
  [1, 0, 'is a superuser of its server'],
  [0, 1, 'may write, and SQL Server has no read-only transactions'],
])(
  'names a login of SQL Server with the powers %i, %i, which may do more than read',
  async (strong, writes, powers) => {
    answer = () => ({
      columns: [TDS.int('strong'), TDS.int('writes')],
      rows: [[TDS.whole(BigInt(strong), 4), TDS.whole(BigInt(writes), 4)]],
    });
    lines.length = 0;
    await sources.warnOfPowers();
    expect(lines[0]!.msg).toBe(`the role of this data source ${powers}; give it one that may only read`);
  },
);

const at = (iso: string, nanosecondsDelta?: number) => Object.assign(new Date(iso), { nanosecondsDelta });

it.each<[string, number, unknown, string]>([
  ['Decimal', 2, 123, '123.00'],
  ['Decimal', 2, -0.001, '0.00'],
  ['Numeric', 2, 0.1 + 0.2, '0.30'],
  ['Decimal', 0, 4503599627370495, '4503599627370495'],
  ['Money', 0, -1.5, '-1.5000'],
  ['Float', 0, 1e300, '1e+300'],
  ['Real', 0, Math.fround(0.1), '0.1'],
  ['Real', 0, Math.fround(16777216), '16777216'],
  ['BigInt', 0, '9223372036854775807', '9223372036854775807'],
  ['Bit', 0, false, 'false'],
  ['Date', 0, at('2026-01-31T00:00:00Z'), '"2026-01-31"'],
  ['Time', 0, at('1970-01-01T12:30:00.5Z', 0.0001234), '"12:30:00.5001234"'],
  ['DateTime', 0, at('2026-01-31T10:00:00Z'), '"2026-01-31T10:00:00"'],
  ['DateTimeOffset', 0, at('2026-01-31T10:00:00.25Z', 0), '"2026-01-31T10:00:00.25+00:00"'],
  ['UniqueIdentifier', 0, '80342534-2508-4CAB-A090-C25BF1DDF923', '"80342534-2508-4CAB-A090-C25BF1DDF923"'],
  ['Xml', 0, '<a b="c"/>', '"<a b=\\"c\\"/>"'],
])('writes a SQL Server %s of scale %i, %p, as %s', (type, scale, value, json) => {
  expect(columnToJson({ name: 'a', type, scale })(value)).toBe(json);
});

it('refuses a decimal whose digits the driver cannot read exactly', () => {
  expect(() => columnToJson({ name: 'a', type: 'Decimal', scale: 4 })(2 ** 52 / 1000)).toThrow(
    new ComposeError('the column a has more than 15 digits; convert it to varchar in the query'),
  );
});
