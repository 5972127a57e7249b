import { numberParameters, placeIn, SqlTextError } from '../../src/domain/sql-text';

const CASTS: Record<string, string> = { id: 'bigint', name: 'text' };
const read = (sql: string) => numberParameters(sql, (name) => CASTS[name]);
function faultOf(sql: string): string {
  try {
    read(sql);
  } catch (error) {
    if (error instanceof SqlTextError) return `${placeIn(sql, error.offset)}: ${error.message}`;
    throw error;
  }
  return 'none';
}

it('numberParameters numbers named arguments with their types, each name once', () => {
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
])('numberParameters leaves %j unchanged', (sql) => {
  expect(read(sql)).toMatchObject({ text: sql, names: [] });
});

it('numberParameters drops a final semicolon and accepts a comment after it', () => {
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
])('numberParameters refuses %j', (sql, fault) => {
  expect(faultOf(sql)).toBe(fault);
});

it('numberParameters maps a position of its text back to the source', () => {
  const sql = 'select :name,\n  :name, nosuch from t';
  const { text, sourceOffset } = read(sql);
  expect(sourceOffset(text.indexOf('nosuch'))).toBe(sql.indexOf('nosuch'));
  expect(sourceOffset(text.lastIndexOf('($1'))).toBe(sql.lastIndexOf(':name'));
  expect(sourceOffset(0)).toBe(0);
});
