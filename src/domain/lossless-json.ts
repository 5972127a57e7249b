import { randomUUID } from 'node:crypto';

/** What may follow a number. */
const END = String.raw`(?=\s*(?:[,\]}]|$))`;
/**
 * A number that JavaScript may write in another way than it is written here: one with an exponent, with zeros at its end, below a millionth, with 16
 * digits or more, or minus zero. One of up to 15 digits comes out of a double as it went in (IEEE 754). May find one in a string, too.
 */
const REWRITTEN = new RegExp(
  String.raw`(?:^|[:[,])\s*(?:-0${END}|-?(?:\d[\d.]{15}|\d+(?:\.\d+)?[eE]|\d+\.\d*0${END}|0\.0{6}))`,
);
/** Such a number may be more than a double holds. */
const LONG_NUMBER = /\d[\d.]{15}/;
/** An escape, where a string begins or ends, or a number. A whole string as one token would overflow the stack of the regular expression. */
const TOKEN = /\\.|"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Stands before the digits of a number while it is a string. Nobody outside learns it, and all that it could make of a string is a number. */
const MARK = randomUUID();
const MARKED = new RegExp(String.raw`"${MARK}([-+.\deE]+)"`, 'g');

/** Whether JavaScript would write a number in this JSON text differently; it may say yes where none would be. Costs about as much as parsing. */
export function mayRewriteNumbers(text: string): boolean {
  return REWRITTEN.test(text);
}

/**
 * JSON as it was written: `125.50` stays that, and so does an integer that is more than a double holds. All else is as `JSON.parse` has it: of a name
 * that comes twice the last value counts, and space is left out.
 */
export class LosslessJson {
  /** Numbers that would be rewritten are marked strings. */
  private readonly root: unknown;

  /** @param text - valid JSON */
  constructor(text: string) {
    this.root = JSON.parse(mayRewriteNumbers(text) ? withMarks(text) : text);
  }

  /** @returns JSON text of the value at a path, or `undefined` where there is none */
  at(...path: readonly (string | number)[]): string | undefined {
    let value = this.root;
    for (const name of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
      value = (value as Record<string | number, unknown>)[name];
    }
    return stringifyWritten(value);
  }

  /** @returns the value as `JSON.parse` has it */
  value(): unknown {
    return JSON.parse(stringifyWritten(this.root));
  }

  /** For `stringifyWritten`: `JSON.stringify` alone would show the marks. */
  toJSON(): unknown {
    return this.root;
  }
}

/** JSON text of a value that may hold `LosslessJson`. */
export function stringifyWritten(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes(MARK) ? text.replace(MARKED, '$1') : text;
}

/**
 * What tells a value from others: numbers that differ only in how they are written (125.5, 125.50) are the same, those that a double takes for the
 * same are not.
 *
 * @param written - JSON text of the value, where JavaScript would write it differently
 */
export function identityOf(value: unknown, written?: string): string {
  const text = JSON.stringify(value);
  return written !== undefined && LONG_NUMBER.test(written) ? text + written : text;
}

function withMarks(text: string): string {
  let inString = false;
  return text.replace(TOKEN, (token) => {
    if (token === '"') inString = !inString;
    const isNumber = !inString && token !== '"';
    return isNumber && String(Number(token)) !== token ? `"${MARK}${token}"` : token;
  });
}
