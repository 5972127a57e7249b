import type { ArgumentType } from '../../src/domain/composing';
import { MSSQL, MYSQL, POSTGRES } from '../../src/domain/sql-dialects';
import { bindParameters, placeIn, SqlTextError } from '../../src/domain/sql-text';

const TYPES: Record<string, ArgumentType> = { id: 'int', name: 'string' };
const read = (sql: string, dialect = POSTGRES) => bindParameters(sql, dialect, (name) => TYPES[name]);
function faultOf(sql: string, dialect = POSTGRES): string {
  try {
    read(sql, dialect);
  } catch (error) {
    if (error instanceof SqlTextError) return `${placeIn(sql, error.offset)}: ${error.message}`;
    throw error;
  }
  return 'none';
}

it('bindParameters numbers named arguments with their types, each name once', () => {
  const { text, names } = read('select :name as n from t where id = :id and old <> :id::int');
  expect(text).toBe('select ($1::text) as n from t where id = ($2::bigint) and old <> ($2::bigint)::int');
  expect(names).toEqual(['name', 'id']);
});

it.each([
  [`select ':id', e'\\':id', "a:id", $$:id$$, $x$ $$:id $x$, U&':id' -- :id`],
  ['select /* :id /* ; */ :name ) */ 1'],
  [`select 'it''s' || E'\\\\' , x::text, a[1 : 2]`],
  ['with a as (select 1) select * from a'],
  ['  (select 1)'.replace(/[()]/g, '')],
  ['-- what it does\nselect 1'],
  ['select 1 -- a\r, 2'],
  ['select 1 as 😀$x$, 2 as b$x$'],
  ['select 1 as \u00a0$x$, 2 as b$x$'],
  ['select $😀$:id$😀$'],
])('bindParameters leaves %j unchanged', (sql) => {
  expect(read(sql)).toMatchObject({ text: sql, names: [] });
});

it('bindParameters drops a final semicolon and accepts a comment after it', () => {
  expect(read('select 1 ; -- done').text).toBe('select 1  -- done');
});

it.each([
  ['select 1; drop table x', 'line 1, column 11: there is more than one statement'],
  ['select 1;\nselect 2', 'line 2, column 1: there is more than one statement'],
  ['select 1 --\r) as q; commit; select * from (select 1', 'line 1, column 13: this parenthesis was not opened'],
  ['select 1 --\r; drop table x', 'line 1, column 15: there is more than one statement'],
  ['select 😀$x$; drop table x; select $x$', 'line 1, column 15: there is more than one statement'],
  ['\u00a0select 1', 'line 1, column 1: a query must begin with SELECT or WITH'],
  ['delete from x', 'line 1, column 1: a query must begin with SELECT or WITH'],
  ['select 1) as q; drop table x; select (1', 'line 1, column 9: this parenthesis was not opened'],
  ['select (1', 'line 1, column 10: a parenthesis is not closed'],
  ['select :nosuch', 'line 1, column 8: there is no argument nosuch'],
  ['select\n  $1', 'line 2, column 3: numbered parameters are not supported: write :name instead of $1'],
  [`select 'abc''`, 'line 1, column 8: the quoted text here has no end'],
  [`select E'abc\\'`, 'line 1, column 8: the quoted text here has no end'],
  ['select "abc', 'line 1, column 8: the quoted text here has no end'],
  ['select $a$ x', 'line 1, column 8: the quoted text here has no end'],
  ['select /* /* */', 'line 1, column 8: the comment has no end'],
  [' -- nothing', 'line 1, column 1: there is no statement'],
  ['', 'line 1, column 1: there is no statement'],
])('bindParameters refuses %j', (sql, fault) => {
  expect(faultOf(sql)).toBe(fault);
});

it('bindParameters maps a position of its text back to the source', () => {
  const sql = 'select :name,\n  :name, nosuch from t';
  const { text, sourceOffset } = read(sql);
  expect(sourceOffset(text.indexOf('nosuch'))).toBe(sql.indexOf('nosuch'));
  expect(sourceOffset(text.lastIndexOf('($1'))).toBe(sql.lastIndexOf(':name'));
  expect(sourceOffset(0)).toBe(0);
});

describe('MySQL', () => {
  it('writes a parameter as often as the text has it, with the type that it is compared as', () => {
    const { text, names } = read('select :name as n from t where id = :id and old <> :name', MYSQL);
    expect(text).toBe('select ? as n from t where id = cast(? as signed) and old <> ?');
    expect(names).toEqual(['name', 'id', 'name']);
  });

  it.each([
    [`select ':id', 'it''s :id', 'a\\':id', "a:id", "a\\":id", "a"":id", \`a:id\`, \`a\`\`:id\``],
    ['select 1 # :id ; )'],
    ['select 1 -- :id'],
    ['select 1 --\t:id'],
    ['select 1 --'],
    ['select 5--3 as n'],
    ['select /* :id /* ; */ 1'],
    ['select @a := 1'],
    ["select doc->'$.a', doc->>'$.b' from t"],
    ['select $id$ from t'],
  ])('leaves %j unchanged', (sql) => {
    expect(read(sql, MYSQL)).toMatchObject({ text: sql, names: [] });
  });

  it('finds parameters where a comment or a quoted text ends', () => {
    expect(read("select 5--:id, 'a\\\\', :id -- x\r :id\n, :id /* */ , :id", MYSQL).names).toHaveLength(4);
  });

  it.each([
    ['select ?', 'line 1, column 8: numbered parameters are not supported: write :name instead of ?'],
    ['select 1 /*! into outfile "/tmp/x" */', 'line 1, column 10: comments that the database runs are not supported'],
    ['select 1 /*M!100 + 1 */', 'line 1, column 10: comments that the database runs are not supported'],
    ['select /*+ max_execution_time(0) */ 1', 'line 1, column 8: comments that the database runs are not supported'],
    ["select 1 INTO outfile '/tmp/x'", 'line 1, column 10: INTO is not supported: a query only returns rows'],
    ['select /* /* */ ; */ 1', 'line 1, column 19: there is more than one statement'],
    ['select 1 --\u00a0; drop table x', 'line 1, column 15: there is more than one statement'],
    ["select 'abc\\'", 'line 1, column 8: the quoted text here has no end'],
    ['select `abc``', 'line 1, column 8: the quoted text here has no end'],
    ['select /* x', 'line 1, column 8: the comment has no end'],
    ['set statement max_statement_time = 0 for select 1', 'line 1, column 1: a query must begin with SELECT or WITH'],
  ])('refuses %j', (sql, fault) => {
    expect(faultOf(sql, MYSQL)).toBe(fault);
  });
});

describe('SQL Server', () => {
  it('takes the query of a definition in T-SQL, with its placeholders named', () => {
    const sql = `select
      la.uniqueid as invoiceguid, dh.debtref as invoicenumber,
      sum(-t.transamount) as paidamount, :name as [secret]
      from dat_ledgeraccount la
      inner join dat_debthead dh on dh.debtheadid = la.maindebtheadid
      inner join dat_trans t on t.accountid = la.accountid and t.paymentid = :id
      where la.ledgeraccountid = :id
      group by la.uniqueid, dh.debtref`;
    expect(read(sql, MSSQL).text).toBe(sql.replace(':name', '@p1').replaceAll(':id', 'cast(@p2 as bigint)'));
  });

  it('numbers parameters, with the type that they are compared as', () => {
    const { text, names } = read('select :name as [secret] from t where id = :id or old = :id', MSSQL);
    expect(text).toBe('select @p1 as [secret] from t where id = cast(@p2 as bigint) or old = cast(@p2 as bigint)');
    expect(names).toEqual(['name', 'id']);
  });

  it.each([
    [`select ':id', 'it''s :id', 'a\\', "a:id", "a"":id", [a:id], [a]]:id] /* :id /* ; */ delete */ -- drop :id`],
    ['with a as (select 1 as n) select n from a union all select 2 except select 3'],
    ['with a as (select 1 as n), b as (select 2 as n) select a.n from a cross join b'],
    ['select case when a = 1 then 2 else 3 end as n from t order by n offset 0 rows fetch next 5 rows only'],
    ['select a from t inner merge join u on t.id = u.id where exists (select 1) option (merge join, recompile)'],
    ["select a from t option (use hint ('x'))"],
    ['select [delete], "update" from [exec]'],
    ['select a.deleted, åäö, x.into_date, @@version from a'],
    ['select geography::Point(1, 2, 4326).ToString() as p'],
    ['select 1.5e3 as a, 0x1F as b, .5 as c, $1 as d'],
    ['select 1 -- a\r\n as n'],
  ])('leaves %j unchanged', (sql) => {
    expect(read(sql, MSSQL)).toMatchObject({ text: sql, names: [] });
  });

  it.each([
    'select 1 as a delete from t',
    'select 1 as a\nDELETE t',
    'select 1 as a insert t values (1)',
    'select 1 as a update t set a = 1',
    'select 1 as a merge t using u on 1 = 1 when matched then delete',
    'select 1 as a merge into t using u on 1 = 1',
    'select 1 as a exec sp_who',
    'select 1 as a execute sp_who',
    'select 1 as a commit',
    'select 1 as a rollback transaction',
    'select 1 as a begin transaction',
    'select 1 as a return',
    'select 1 as a if 1 = 1 select 2',
    'select 1 as a use master',
    'select 1 as a set rowcount 0',
    'select 1 as a declare @a int',
    "select 1 as a waitfor delay '1:00'",
    'select 1 as a truncate table t',
    'select 1 as a disable trigger x on t',
    'select 1 as a into t from u',
    'select (next value for s) as a',
    'select 1 as a end conversation :name',
    'with a as (select 1 as n) delete from a',
    "select * from openquery(other, 'delete t')",
    "select * from openrowset(bulk 'c:/x', single_blob) as x",
    'select 1delete from t',
    'select 1edelete from t',
    'select 0xupdate t set a = 1',
    'select 0x1Fupdate t set a = 1',
    'select $delete from t',
    "select 'a'delete from t",
    'select [a]delete from t',
    'select :id delete from t',
    'select 1 as a \uff24\uff25\uff2c\uff25\uff34\uff25 from t',
    'select 1 as a; delete from t',
  ])('refuses %j', (sql) => {
    expect(faultOf(sql, MSSQL)).toMatch(/is not supported|more than one statement/);
  });

  it.each([
    ['select 1 as a select 2 as b', 'line 1, column 15: there is more than one statement'],
    ['select 1 as a from (t) select 2 as b', 'line 1, column 24: there is more than one statement'],
    [
      'select 1 -- a\rdelete from t',
      'line 1, column 10: this comment contains a line separator other than a line feed',
    ],
    ['select 1\u00a0delete from t', 'line 1, column 9: this character is supported only in quotes or brackets'],
    ['select ? as [secret]', 'line 1, column 8: numbered parameters are not supported: write :name instead of ?'],
    ['select [abc', 'line 1, column 8: the quoted text here has no end'],
    ["select 'a\\' delete from t", 'line 1, column 13: DELETE is not supported: a query is one SELECT'],
    ['select 1 /* /* */ delete from t', 'line 1, column 10: the comment has no end'],
  ])('refuses %j with its reason', (sql, fault) => {
    expect(faultOf(sql, MSSQL)).toBe(fault);
  });
});
