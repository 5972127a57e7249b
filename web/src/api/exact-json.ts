/**
 * JSON that keeps numbers as they were written. A JavaScript number turns 12345678901234567890 into
 * 12345678901234567000 and 125.50 into 125.5, and support would quote a wrong ID.
 */

/** A number whose text a JavaScript number cannot keep. */
export class WrittenNumber {
  constructor(readonly text: string) {}
}

const TOKEN = /\s*(?:([[\]{},:])|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null))/y;
const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/**
 * A number that may change: 16 digits, a fraction, an exponent or -0. Finds some in strings too,
 * but takes far less time than a look at every token.
 */
const MAY_CHANGE = /[[:,]\s*(?:-?\d{16}|-?\d+[.eE]|-0)|^\s*-?\d/;

/** Whether JavaScript writes the number as it was written. */
const isKept = (number: string) => String(Number(number)) === number;

/**
 * Parses JSON text. A number that would change becomes a {@link WrittenNumber}.
 *
 * @throws SyntaxError if the text is not JSON
 */
export function parseJson<T = unknown>(text: string): T {
  const value = JSON.parse(text) as T;
  if (!MAY_CHANGE.test(text)) return value;
  return text.match(STRING_OR_NUMBER)?.some((token) => token[0] !== '"' && !isKept(token)) ? reparse<T>(text) : value;
}

/** Parses text that is known to be JSON. Keeps open containers on a stack, so any depth works. */
function reparse<T>(text: string): T {
  const root: unknown[] = [];
  const open: { container: unknown[] | Record<string, unknown>; key?: string }[] = [{ container: root }];
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(text); token; token = TOKEN.exec(text)) {
    const [, mark, string, number, word] = token;
    const top = open.at(-1)!;
    if (mark === ']' || mark === '}') open.pop();
    else if (mark === '[' || mark === '{') {
      const container = mark === '[' ? [] : {};
      add(top, container);
      open.push({ container });
    } else if (string !== undefined && !Array.isArray(top.container) && top.key === undefined)
      top.key = JSON.parse(string) as string;
    else if (mark === undefined)
      add(
        top,
        number === undefined || isKept(number) ? JSON.parse((string ?? number ?? word)!) : new WrittenNumber(number),
      );
  }
  return root[0] as T;
}

function add(to: { container: unknown[] | Record<string, unknown>; key?: string }, value: unknown): void {
  if (Array.isArray(to.container)) to.container.push(value);
  // Not by assignment: the key may be `__proto__`.
  else Object.defineProperty(to.container, to.key!, { value, enumerable: true, configurable: true, writable: true });
  to.key = undefined;
}

/**
 * Formats a value as JSON. Numbers that {@link parseJson} kept are as they were written.
 *
 * @param indent - spaces per level; 0 puts everything on one line
 */
export function formatJson(value: unknown, indent = 0): string {
  return format(value, indent, '\n') ?? 'null';
}

function format(value: unknown, indent: number, newLine: string): string | undefined {
  if (value instanceof WrittenNumber) return value.text;
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return JSON.stringify(value);
  const inner = newLine + ' '.repeat(indent);
  const list = Array.isArray(value);
  const parts = list
    ? value.map((item) => format(item, indent, inner) ?? 'null')
    : Object.entries(value).flatMap(([key, item]) => {
        const text = format(item, indent, inner);
        return text === undefined ? [] : `${JSON.stringify(key)}:${indent > 0 ? ' ' : ''}${text}`;
      });
  const [start, end] = list ? '[]' : '{}';
  if (parts.length === 0) return `${start}${end}`;
  return indent > 0 ? start + inner + parts.join(`,${inner}`) + newLine + end : start + parts.join(',') + end;
}
