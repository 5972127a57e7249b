import type { AST } from '@eslint-community/regexpp';

/** A pattern uses something that cannot be matched in linear time. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** RE2 unrolls repetitions, and limits them. */
const MAX_REPETITIONS = 1000;
const ANY = '\\x{0}-\\x{10FFFF}';
/** `\s` of ECMA-262 (White_Space and line terminators); that of RE2 is ASCII only. */
const SPACE =
  '\\x{9}-\\x{D}\\x{20}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}\\x{FEFF}';
const NOT_SPACE =
  '\\x{0}-\\x{8}\\x{E}-\\x{1F}\\x{21}-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{1FFF}\\x{200B}-\\x{2027}\\x{202A}-\\x{202E}\\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}\\x{3001}-\\x{FEFE}\\x{FF00}-\\x{10FFFF}';
const LINE_TERMINATORS = '\\x{A}\\x{D}\\x{2028}\\x{2029}';

/**
 * Translates a pattern of JavaScript (flag `u`) to the syntax of RE2, with the same meaning.
 *
 * @throws PatternError for lookaround and back references, which RE2 does not have
 */
export function toRe2({ alternatives }: AST.Pattern): string {
  return ofAlternatives(alternatives);
}

function ofAlternatives(alternatives: readonly AST.Alternative[]): string {
  return alternatives.map(({ elements }) => elements.map(ofElement).join('')).join('|');
}

function ofElement(element: AST.Element): string {
  switch (element.type) {
    case 'Character':
      return codePoint(element.value);
    case 'CharacterSet':
      return element.kind === 'any' ? `[^${LINE_TERMINATORS}]` : `[${ofSet(element)}]`;
    case 'CharacterClass':
      return ofClass(element);
    case 'Group':
      if (element.modifiers) throw new PatternError('modifiers are not supported');
      return `(?:${ofAlternatives(element.alternatives)})`;
    case 'CapturingGroup':
      return `(?:${ofAlternatives(element.alternatives)})`;
    case 'Quantifier':
      return ofQuantifier(element);
    case 'Assertion':
      return ofAssertion(element);
    case 'Backreference':
      throw new PatternError(`the back reference ${element.raw} is not supported`);
    default:
      throw new PatternError(`${element.raw} is not supported`);
  }
}

function ofQuantifier({ element, min, max, raw }: AST.Quantifier): string {
  if (Math.max(min, max === Infinity ? 0 : max) > MAX_REPETITIONS) {
    const end = raw.slice(element.raw.length);
    throw new PatternError(`the repetition ${end} exceeds ${MAX_REPETITIONS}; use minLength and maxLength`);
  }
  const repetition = max === Infinity ? `{${min},}` : `{${min},${max}}`;
  return `(?:${ofElement(element)})${repetition}`;
}

function ofAssertion(assertion: AST.Assertion): string {
  switch (assertion.kind) {
    case 'start':
      return '\\A';
    case 'end':
      return '\\z';
    case 'word':
      return assertion.negate ? '\\B' : '\\b';
    default:
      throw new PatternError(`the ${assertion.kind} ${assertion.raw} is not supported in a pattern of this form`);
  }
}

function ofClass({ elements, negate, raw }: AST.CharacterClass): string {
  if (elements.length === 0) return negate ? `[${ANY}]` : `[^${ANY}]`;
  const parts = elements.map((element) => {
    if (element.type === 'Character') return codePoint(element.value);
    if (element.type === 'CharacterClassRange')
      return `${codePoint(element.min.value)}-${codePoint(element.max.value)}`;
    if (element.type === 'CharacterSet') return ofSet(element);
    throw new PatternError(`${raw} is not supported`);
  });
  return `[${negate ? '^' : ''}${parts.join('')}]`;
}

/** @returns the content of a class */
function ofSet(set: AST.EscapeCharacterSet | AST.UnicodePropertyCharacterSet): string {
  switch (set.kind) {
    case 'digit':
      return set.negate ? '\\D' : '\\d';
    case 'word':
      return set.negate ? '\\W' : '\\w';
    case 'space':
      return set.negate ? NOT_SPACE : SPACE;
    default:
      return ofProperty(set);
  }
}

function ofProperty(set: AST.UnicodePropertyCharacterSet): string {
  const isScript = set.key === 'Script' || set.key === 'sc';
  const isCategory = set.key === 'General_Category' || set.key === 'gc';
  if (set.value !== null && !isScript && !isCategory) throw new PatternError(`${set.raw} is not supported`);
  return `\\${set.negate ? 'P' : 'p'}{${set.value ?? set.key}}`;
}

function codePoint(value: number): string {
  return `\\x{${value.toString(16)}}`;
}
