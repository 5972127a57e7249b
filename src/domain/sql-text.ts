import type { ArgumentType } from './composing';
import type { SqlDialect } from './sql-dialects';

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

/** A query whose named arguments have become parameters of its database. */
export interface ParameterQuery {
  text: string;
  /** The names of the parameters, in the order of their values. */
  names: string[];
  /** Maps an offset in `text` to the offset in the original text. */
  sourceOffset(offset: number): number;
}

/**
 * Parses the SQL of a query step: one SELECT (or WITH … SELECT) with arguments written `:name`.
 * Checks only the form, so that the text is one statement, also where the database would take
 * several. The database checks whether it is valid.
 *
 * @param typeOf - the type of an argument, or `undefined` if there is none of this name
 * @throws SqlTextError
 */
export function bindParameters(
  sql: string,
  dialect: SqlDialect,
  typeOf: (name: string) => ArgumentType | undefined,
): ParameterQuery {
  const names: string[] = [];
  const pieces: { from: number; to: number }[] = [];
  const tokens = new RegExp(dialect.token);
  let text = '';
  let depth = 0;
  let ended = false;
  let [first, previous] = ['', ''];
  for (let match = tokens.exec(sql); match; match = tokens.exec(sql)) {
    const offset = match.index;
    const groups = match.groups!;
    const kind = Object.keys(groups).find((name) => groups[name] !== undefined)!;
    let token = match[0];
    if (kind === 'comment' || kind === 'dollar') {
      token = kind === 'comment' ? commentAt(sql, offset, dialect.nestsComments) : dollarQuotedAt(sql, offset, token);
      tokens.lastIndex = offset + token.length;
    }
    const blank = kind === 'space' || kind === 'comment';
    if (!blank) {
      if (ended) throw new SqlTextError('there is more than one statement', offset);
      if (first === '' && !/^(select|with)$/i.test(token))
        throw new SqlTextError('a query must begin with SELECT or WITH', offset);
      if (dialect.quotes[kind]?.test(token) === false)
        throw new SqlTextError('the quoted text here has no end', offset);
    }
    const refusal = dialect.refusal({ text: token, kind, depth, first, previous });
    if (refusal !== undefined) throw new SqlTextError(refusal, offset);
    if (token === '(') depth++;
    if (token === ')' && --depth < 0) throw new SqlTextError('this parenthesis was not opened', offset);
    if (token === ';') {
      ended = true;
      continue;
    }
    if (!blank) previous = token.toLowerCase();
    first ||= previous;
    pieces.push({ from: offset, to: text.length });
    text += kind === 'parameter' ? parameter(token.slice(1), offset) : token;
  }
  if (first === '') throw new SqlTextError('there is no statement', 0);
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
    const type = typeOf(name);
    if (type === undefined) throw new SqlTextError(`there is no argument ${name}`, offset);
    if (!dialect.numbersParameters || !names.includes(name)) names.push(name);
    return dialect.parameter(type, names.indexOf(name) + 1);
  }
}

function commentAt(sql: string, offset: number, nests: boolean): string {
  const bounds = nests ? /\/\*|\*\//g : /\*\//g;
  bounds.lastIndex = nests ? offset : offset + '/*'.length;
  let depth = nests ? 0 : 1;
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

/** `line 2, column 8`, from 1. */
export function placeIn(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `line ${line}, column ${before.length - before.lastIndexOf('\n')}`;
}
