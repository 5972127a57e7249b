import { RegExpParser } from '@eslint-community/regexpp';
import { RE2JS } from 're2js';
import { linearBound } from './backtracking';
import { PatternError, toRe2 } from './re2-syntax';

const MAX_PATTERN_LENGTH = 500;
/** Steps of JavaScript's engine per unit of work. */
const STEPS_PER_UNIT = 32;
const parser = new RegExpParser({ ecmaVersion: 2024 });

/** A regular expression that takes time linear in the text. */
export interface LinearPattern {
  /** Like `RegExp.prototype.test`. */
  test(text: string): boolean;
  /** The most work that a test takes, in units (see `spend`). */
  work(textLength: number): number;
  /** Instructions of the automaton, which take time to compile. 0 without an automaton. */
  size: number;
}

/**
 * Compiles a pattern of JSON Schema: an ECMA-262 regular expression with the flag `u`. A pattern
 * for which backtracking is provably linear runs on JavaScript's engine. Others run on RE2, by
 * automata.
 *
 * @throws PatternError if neither is possible, or the pattern is invalid
 */
export function compilePattern(source: string): LinearPattern {
  if (source.length > MAX_PATTERN_LENGTH) throw new PatternError(`it is longer than ${MAX_PATTERN_LENGTH} characters`);
  const pattern = parse(source);
  const bound = linearBound(pattern);
  if (bound) {
    const regExp = new RegExp(source, 'u');
    const stepsPerCharacter = bound.choices * (bound.length + 1);
    return {
      size: 0,
      test: (text) => regExp.test(text),
      work: (textLength) => 1 + ((textLength + 1) * stepsPerCharacter) / STEPS_PER_UNIT,
    };
  }
  const automaton = compileRe2(toRe2(pattern));
  const size = automaton.programSize();
  return {
    size,
    // Unlike test(), this uses no cache of states, which an adverse pattern fills at great cost.
    test: (text) => automaton.matcher(text).find(),
    work: (textLength) => size + textLength * size,
  };
}

function parse(source: string) {
  try {
    return parser.parsePattern(source, 0, source.length, { unicode: true });
  } catch (error) {
    throw new PatternError((error as Error).message);
  }
}

function compileRe2(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    throw new PatternError(reasonOf((error as Error).message));
  }
}

/** @param message - `error parsing regexp: <reason>: <part in RE2's syntax>` */
function reasonOf(message: string): string {
  if (message.includes('repeat count')) return 'nested repetitions exceed 1000 in total; use minLength and maxLength';
  if (message.includes('character class range')) return 'it has a Unicode property that is not supported';
  return 'it is not supported';
}
