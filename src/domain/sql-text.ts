/** A SQL text is not usable as a query step. */
export class SqlTextError extends Error {
  override readonly name = 'SqlTextError';

  constructor(
    message: string,
    /** Position of the error in the original text, from 0. */
    readonly offset: number,
  ) {
    super(message);
  }
}

/** A query whose named arguments have become numbered parameters. */
export interface NumberedQuery {
  text: string;
  /** The names of the parameters, in the order of their numbers. */
  names: string[];
  /** Maps an offset in `text` to the offset in the original text. */
  sourceOffset(offset: number): number;
}

/**
 * A word, a comment, a literal, a name in quotes, a parameter, a cast, or any other character
 * (PostgreSQL manual, "Lexical Structure"). As in its scanner, a comment ends at a carriage return,
 * too, every character beyond ASCII is part of a name, and no other space than these separates.
 */
const TOKEN =
  /(?<space>[ \t\n\r\f\v]+|--[^\n\r]*)|(?<comment>\/\*)|(?<escaped>[eE]'(?:[^'\\]|\\.|'')*'?)|(?<text>(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'?)|(?<quoted>(?:[uU]&)?"(?:[^"]|"")*"?)|(?<dollar>\$(?:[A-Za-z_\u{80}-\u{10ffff}][\w\u{80}-\u{10ffff}]*)?\$)|(?<number>\$\d+)|(?<cast>::|:=)|(?<parameter>:[A-Za-z_]\w*)|(?<word>[A-Za-z_\u{80}-\u{10ffff}][\w$\u{80}-\u{10ffff}]*)|(?<other>.)/gsu;

/**
 * Parses the SQL of a query step: one SELECT (or WITH … SELECT) with arguments written `:name`.
 * Checks only the form, so that the text can be put in parentheses without changing its meaning.
 * Postgres checks whether it is valid.
 *
 * @param castOf - the Postgres type of an argument, or `undefined` if there is none of this name
 * @throws SqlTextError
 */
export function numberParameters(sql: string, castOf: (name: string) => string | undefined): NumberedQuery {
  const names: string[] = [];
  const pieces: { from: number; to: number }[] = [];
  let text = '';
  let depth = 0;
  let begun = false;
  let ended = false;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(sql); match; match = TOKEN.exec(sql)) {
    const offset = match.index;
    const groups = match.groups!;
    let token = match[0];
    if (groups.comment || groups.dollar) {
      token = groups.comment ? commentAt(sql, offset) : dollarQuotedAt(sql, offset, token);
      TOKEN.lastIndex = offset + token.length;
    }
    const blank = groups.space !== undefined || groups.comment !== undefined;
    if (!blank) {
      if (ended) throw new SqlTextError('there is more than one statement', offset);
      if (!begun && !/^(select|with)$/i.test(token))
        throw new SqlTextError('a query must begin with SELECT or WITH', offset);
      begun = true;
      if (isUnterminated(groups, token)) throw new SqlTextError('the quoted text here has no end', offset);
    }
    if (token === '(') depth++;
    if (token === ')' && --depth < 0) throw new SqlTextError('this parenthesis was not opened', offset);
    if (groups.number)
      throw new SqlTextError(`numbered parameters are not supported: write :name instead of ${token}`, offset);
    if (token === ';') {
      ended = true;
      continue;
    }
    pieces.push({ from: offset, to: text.length });
    text += groups.parameter ? parameter(token.slice(1), offset) : token;
  }
  if (!begun) throw new SqlTextError('there is no statement', 0);
  if (depth > 0) throw new SqlTextError('a parenthesis is not closed', sql.length);
  return {
    text,
    names,
    sourceOffset(offset) {
      const piece = pieces.findLast(({ to }) => to <= offset);
      return piece ? Math.min(piece.from + (offset - piece.to), sql.length) : 0;
    },
  };

  function parameter(name: string, offset: number): string {
    const cast = castOf(name);
    if (cast === undefined) throw new SqlTextError(`there is no argument ${name}`, offset);
    if (!names.includes(name)) names.push(name);
    return `($${names.indexOf(name) + 1}::${cast})`;
  }
}

/** Comments nest. */
function commentAt(sql: string, offset: number): string {
  const bounds = /\/\*|\*\//g;
  bounds.lastIndex = offset;
  let depth = 0;
  for (let match = bounds.exec(sql); match; match = bounds.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return sql.slice(offset, bounds.lastIndex);
  }
  throw new SqlTextError('the comment has no end', offset);
}

function dollarQuotedAt(sql: string, offset: number, tag: string): string {
  const end = sql.indexOf(tag, offset + tag.length);
  if (end < 0) throw new SqlTextError('the quoted text here has no end', offset);
  return sql.slice(offset, end + tag.length);
}

function isUnterminated(groups: Record<string, string | undefined>, token: string): boolean {
  if (groups.escaped) return !/^[eE]'(?:[^'\\]|\\.|'')*'$/s.test(token);
  if (groups.text) return !/^(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'$/s.test(token);
  return groups.quoted !== undefined && !/^(?:[uU]&)?"(?:[^"]|"")*"$/s.test(token);
}

/** `line 2, column 8`, from 1. */
export function placeIn(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `line ${line}, column ${before.length - before.lastIndexOf('\n')}`;
}
