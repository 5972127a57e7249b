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
    const value = this.find(path);
    return value === undefined ? undefined : stringifyLossless(value);
  }

  /** @returns `canonicalJson` of the value at a path, or `undefined` if there is none */
  canonical(...path: readonly (string | number)[]): string | undefined {
    const value = this.find(path);
    return value === undefined ? undefined : canonicalJson(value);
  }

  /**
   * Finds the numbers at or below a path that a double does not hold, such as 1e400 and
   * 9007199254740993. Takes one pass, however deep they are.
   *
   * @param most - how many to find
   * @returns the path of each, in the order of the text
   */
  inexactNumbers(most: number, ...path: readonly string[]): string[][] {
    const found: string[][] = [];
    const here = [...path];
    const visit = (value: unknown): void => {
      if (typeof value === 'string') {
        if (value.startsWith(MARK) && !isExactNumber(value.slice(MARK.length))) found.push([...here]);
      } else if (typeof value === 'object' && value !== null) {
        for (const name of Object.keys(value)) {
          if (found.length === most) return;
          here.push(name);
          visit((value as Record<string, unknown>)[name]);
          here.pop();
        }
      }
    };
    visit(this.find(path));
    return found;
  }

  /** @returns the value as `JSON.parse` returns it */
  value(): unknown {
    return JSON.parse(stringifyLossless(this.root));
  }

  private find(path: readonly (string | number)[]): unknown {
    let value = this.root;
    for (const name of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
      value = (value as Record<string | number, unknown>)[name];
    }
    return value;
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
 * JSON text that is the same for values that are equal as JSON: names of objects are sorted, and a
 * number is written in one way (125.50 as 125.5). Numbers are exact: those that a double would take
 * for the same differ.
 *
 * @param value - a value without `undefined`, functions and dates. It may contain `LosslessJson`
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string')
    return value.startsWith(MARK) ? canonicalNumber(value.slice(MARK.length)) : JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (value instanceof LosslessJson) return canonicalJson(value.toJSON());
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson((value as Record<string, unknown>)[name])}`);
  return `{${members.join(',')}}`;
}

/** Whether a double holds a number in JSON. */
export function isExactNumber(text: string): boolean {
  const double = Number(text);
  return Number.isFinite(double) && canonicalNumber(text) === canonicalJson(double);
}

/** @param text - a number in JSON */
function canonicalNumber(text: string): string {
  const double = String(Number(text));
  const exact = decimalOf(text);
  // JavaScript prints a double that equals no shorter number, so its text is in use for this value.
  if (Number.isFinite(Number(text)) && decimalOf(double) === exact) return double === '-0' ? '0' : double;
  return exact;
}

/** A number as its significant digits and an exponent: `12300` as `123e2`. Zero has no digits. */
function decimalOf(text: string): string {
  const [mantissa, exponent = '0'] = text.toLowerCase().split('e');
  const [whole, fraction = ''] = mantissa!.replace('-', '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  // An exponent may have more digits than a double.
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${text.startsWith('-') ? '-' : ''}${significant}e${power}`;
}

function withMarks(text: string): string {
  let inString = false;
  return text.replace(TOKEN, (token) => {
    if (token === '"') inString = !inString;
    const isNumber = !inString && token !== '"';
    return isNumber && String(Number(token)) !== token ? `"${MARK}${token}"` : token;
  });
}
