import { randomUUID } from 'node:crypto';

/** The end of a number in JSON text. */
const END = String.raw`(?=\s*(?:[,\]}]|$))`;
/**
 * A number that JavaScript may print differently: with an exponent, with trailing zeros, below a
 * millionth, with 16 digits or more, or minus zero. A double keeps up to 15 digits unchanged
 * (IEEE 754). The expression also matches such a number inside a string.
 */
const REWRITTEN = new RegExp(
  String.raw`(?:^|[:[,])\s*(?:-0${END}|-?(?:\d[\d.]{15}|\d+(?:\.\d+)?[eE]|\d+\.\d*0${END}|0\.0{6}))`,
);
/** A number with this many digits may not fit into a double. */
const LONG_NUMBER = /\d[\d.]{15}/;
/**
 * An escape, a quotation mark, or a number. A token for a whole string would overflow the stack of
 * the regular expression engine.
 */
const TOKEN = /\\.|"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Marks a number that is kept as a string. The mark is random and never leaves the process, so no
 * string of a caller is mistaken for a number.
 */
const MARK = randomUUID();
const MARKED = new RegExp(String.raw`"${MARK}(?:([-+.\deE]+)|#(\d+))"`, 'g');

/**
 * Whether JavaScript would print a number in this JSON text differently. False positives are
 * possible. Costs about as much as parsing.
 */
export function mayRewriteNumbers(text: string): boolean {
  return REWRITTEN.test(text);
}

/**
 * JSON that keeps its numbers as they were written: `125.50` stays `125.50`, and an integer beyond
 * a double keeps its digits. Everything else is as with `JSON.parse`: the last of several members
 * with the same name counts, and white space is dropped.
 */
export class LosslessJson {
  /** The parsed value, in which numbers that JavaScript would rewrite are marked strings. */
  private readonly root: unknown;

  /** @param text - valid JSON */
  constructor(text: string) {
    this.root = JSON.parse(mayRewriteNumbers(text) ? withMarks(text) : text);
  }

  /** @returns the JSON text of the value at a path, or `undefined` if there is none */
  at(...path: readonly (string | number)[]): string | undefined {
    let value = this.root;
    for (const name of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
      value = (value as Record<string | number, unknown>)[name];
    }
    return stringifyLossless(value);
  }

  /** @returns the value as `JSON.parse` returns it */
  value(): unknown {
    return JSON.parse(stringifyLossless(this.root));
  }

  /** Used by `stringifyLossless`. `JSON.stringify` alone would print the marks. */
  toJSON(): unknown {
    return this.root;
  }
}

/** The texts that the current `stringifyLossless` embeds. */
let embedded: string[] = [];

/**
 * JSON text that `stringifyLossless` embeds as it is. Unlike `LosslessJson` it is not parsed, which
 * takes long for many large values.
 */
export class JsonText {
  /** @param text - valid JSON without white space between its tokens */
  constructor(readonly text: string) {}

  /** Used by `stringifyLossless`. */
  toJSON(): string {
    return `${MARK}#${embedded.push(this.text) - 1}`;
  }
}

/** @returns the JSON text of a value that may contain `LosslessJson` and `JsonText` */
export function stringifyLossless(value: unknown): string {
  embedded = [];
  const text = JSON.stringify(value);
  if (!text.includes(MARK)) return text;
  const texts = embedded;
  embedded = [];
  return text.replace(MARKED, (_mark, number: string, index: string) => number ?? texts[Number(index)]);
}

/**
 * A text that is equal for equal values. Numbers that differ only in how they are written (125.5,
 * 125.50) are equal. Numbers that differ only beyond the precision of a double are not.
 *
 * @param text - the value as `JSON.stringify` prints it
 * @param written - JSON text of the value, if JavaScript would print it differently
 */
export function identityOf(text: string, written?: string): string {
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
