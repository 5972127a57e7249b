import type { ArgumentType } from './composing';

/** A token of a SQL text. */
export interface SqlToken {
  text: string;
  /** The name of the group of {@link SqlDialect.token} that matched. */
  kind: string;
  /** Number of open parentheses. */
  depth: number;
  /** The tokens before, without space and comments, in lower case. Empty if there is none. */
  first: string;
  previous: string;
}

/**
 * How a database reads SQL. The text of a definition is only looked at, to find its parameters and
 * the end of its statement. The database parses it.
 */
export interface SqlDialect {
  /** Matches one token. Every dialect has the groups space, comment, parameter and word. */
  token: RegExp;
  /** The groups of quoted tokens, each with a pattern of a token that is complete. */
  quotes: Readonly<Record<string, RegExp>>;
  nestsComments: boolean;
  /** Whether a parameter has a number, so that a text may use it several times. */
  numbersParameters: boolean;
  parameter(type: ArgumentType, number: number): string;
  /** @returns why a token may not occur, `undefined` if it may */
  refusal(token: SqlToken): string | undefined;
}

const numbered = (placeholder: string) =>
  `numbered parameters are not supported: write :name instead of ${placeholder}`;

const POSTGRES_TYPES: Readonly<Record<ArgumentType, string>> = {
  string: 'text',
  int: 'bigint',
  number: 'numeric',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamptz',
  uuid: 'uuid',
  json: 'jsonb',
};

/**
 * PostgreSQL manual, "Lexical Structure". As in its scanner, a comment ends at a carriage return,
 * too, every character beyond ASCII is part of a name, and no other space than these separates.
 */
export const POSTGRES: SqlDialect = {
  token:
    /(?<space>[ \t\n\r\f\v]+|--[^\n\r]*)|(?<comment>\/\*)|(?<escaped>[eE]'(?:[^'\\]|\\.|'')*'?)|(?<text>(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'?)|(?<quoted>(?:[uU]&)?"(?:[^"]|"")*"?)|(?<dollar>\$(?:[A-Za-z_\u{80}-\u{10ffff}][\w\u{80}-\u{10ffff}]*)?\$)|(?<number>\$\d+)|(?<cast>::|:=)|(?<parameter>:[A-Za-z_]\w*)|(?<word>[A-Za-z_\u{80}-\u{10ffff}][\w$\u{80}-\u{10ffff}]*)|(?<other>.)/gsu,
  quotes: {
    escaped: /^[eE]'(?:[^'\\]|\\.|'')*'$/s,
    text: /^(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'$/s,
    quoted: /^(?:[uU]&)?"(?:[^"]|"")*"$/s,
  },
  nestsComments: true,
  numbersParameters: true,
  parameter: (type, number) => `($${number}::${POSTGRES_TYPES[type]})`,
  refusal: ({ kind, text }) => (kind === 'number' ? numbered(text) : undefined),
};

/** Types that MySQL would compare as a text, or as a floating-point number. */
const MYSQL_TYPES: Partial<Record<ArgumentType, string>> = {
  int: 'signed',
  number: 'decimal(65, 30)',
  boolean: 'signed',
  date: 'date',
  timestamp: 'datetime(6)',
};

/**
 * MySQL and MariaDB without ANSI_QUOTES and NO_BACKSLASH_ESCAPES, which a connection turns off. As
 * in their scanner, `--` begins a comment only before a space or a control character.
 */
export const MYSQL: SqlDialect = {
  token:
    /(?<space>[ \t\n\r\f\v]+|#[^\n]*|--(?=[\0- \x7f]|$)[^\n]*)|(?<comment>\/\*)|(?<text>'(?:[^'\\]|\\.|'')*'?)|(?<double>"(?:[^"\\]|\\.|"")*"?)|(?<quoted>`(?:[^`]|``)*`?)|(?<placeholder>\?)|(?<cast>:=)|(?<parameter>:[A-Za-z_]\w*)|(?<word>[\w$\u{80}-\u{10ffff}]+)|(?<other>.)/gsu,
  quotes: {
    text: /^'(?:[^'\\]|\\.|'')*'$/s,
    double: /^"(?:[^"\\]|\\.|"")*"$/s,
    quoted: /^`(?:[^`]|``)*`$/s,
  },
  nestsComments: false,
  numbersParameters: false,
  parameter: (type) => (MYSQL_TYPES[type] ? `cast(? as ${MYSQL_TYPES[type]})` : '?'),
  refusal({ kind, text }) {
    if (kind === 'placeholder') return numbered(text);
    // Hints can lift the time limit.
    if (kind === 'comment' && /^\/\*(!|M!|\+)/i.test(text)) return 'comments that the database runs are not supported';
    if (kind === 'word' && text.toLowerCase() === 'into') return 'INTO is not supported: a query only returns rows';
    return undefined;
  },
};

const MSSQL_TYPES: Partial<Record<ArgumentType, string>> = {
  int: 'bigint',
  number: 'decimal(38, 18)',
  boolean: 'bit',
  date: 'date',
  timestamp: 'datetimeoffset(7)',
  uuid: 'uniqueidentifier',
};

/**
 * Words that begin another statement, which needs no semicolon before it, and words that reach
 * another server, which takes no part in our transaction. All but THROW are reserved: as names they
 * need brackets.
 */
const MSSQL_STATEMENTS = new Set(
  [
    'add alter backup begin break bulk checkpoint close commit continue create dbcc deallocate declare delete deny',
    'disk drop dump exec execute goto grant if insert into kill lineno load opendatasource openquery openrowset open',
    'print proc procedure raiserror readtext reconfigure restore return revert revoke rollback save set setuser',
    'shutdown throw tran transaction trigger truncate update updatetext waitfor while writetext',
  ].flatMap((line) => line.split(' ')),
);
/** Two words that together change something, each of which can be a name. */
const MSSQL_CHANGES = ['next value', 'end conversation'];
const SET_OPERATORS = ['union', 'all', 'except', 'intersect'];

/**
 * SQL Server with QUOTED_IDENTIFIER, which a connection turns on. It takes several statements in
 * one text, so this refuses every word that begins one.
 */
export const MSSQL: SqlDialect = {
  token:
    /(?<space>[ \t\n\r\f\v]+|--[^\n]*)|(?<comment>\/\*)|(?<text>'(?:[^']|'')*'?)|(?<double>"(?:[^"]|"")*"?)|(?<quoted>\[(?:[^\]]|\]\])*\]?)|(?<number>0[xX][0-9a-fA-F]*|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d*)?)|(?<placeholder>\?)|(?<cast>::)|(?<parameter>:[A-Za-z_]\w*)|(?<word>[\p{L}_@#][\p{L}\p{N}\p{M}_@#$]*)|(?<other>.)/gsu,
  quotes: {
    text: /^'(?:[^']|'')*'$/s,
    double: /^"(?:[^"]|"")*"$/s,
    quoted: /^\[(?:[^\]]|\]\])*\]$/s,
  },
  nestsComments: true,
  numbersParameters: true,
  parameter: (type, number) => (MSSQL_TYPES[type] ? `cast(@p${number} as ${MSSQL_TYPES[type]})` : `@p${number}`),
  refusal(token) {
    const { kind, text } = token;
    if (kind === 'placeholder') return numbered(text);
    // It may end the comment for SQL Server, and so show statements that were not looked at.
    if (text.startsWith('--') && /\r(?!$)|[\u0085\u2028\u2029]/.test(text))
      return 'this comment contains a line separator other than a line feed';
    if (kind === 'other' && text > '\x7f') return 'this character is supported only in quotes or brackets';
    return kind === 'word' ? refusedWord(token) : undefined;
  },
};

function refusedWord({ text, depth, first, previous }: SqlToken): string | undefined {
  const word = text.normalize('NFKC').toLowerCase();
  if (MSSQL_STATEMENTS.has(word)) return `${word.toUpperCase()} is not supported: a query is one SELECT`;
  const pair = `${previous} ${word}`;
  if (MSSQL_CHANGES.includes(pair)) return `${pair.toUpperCase()} is not supported: a query only reads`;
  // Parentheses cannot contain a statement, but a query and hints.
  if (depth > 0) return undefined;
  if (word === 'use') return 'USE is not supported: a query is one SELECT';
  // MERGE JOIN is a hint.
  if (previous === 'merge' && word !== 'join') return 'MERGE is not supported: a query is one SELECT';
  const begins = previous === '' || SET_OPERATORS.includes(previous) || (first === 'with' && previous === ')');
  return word === 'select' && !begins ? 'there is more than one statement' : undefined;
}
