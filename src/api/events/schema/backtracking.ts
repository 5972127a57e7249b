import type { AST } from '@eslint-community/regexpp';

/**
 * Bounds the work of JavaScript's own engine, which backtracks, for a text of n characters: at most
 * n × `choices` × `length` steps.
 */
export interface BacktrackingBound {
  /** Product of the choices at which the engine may come back, without the unbounded one. */
  choices: number;
  /** Repetitions whose number of choices grows with the text. More than one multiply. */
  unbounded: number;
  /** The same within lookaround, which the engine evaluates for each choice before it. */
  unboundedInside: number;
  /** Characters that one choice compares. */
  length: number;
}

/** A repetition with more choices counts as unbounded. */
const MAX_COUNTED_CHOICES = 64;
const MAX_CHOICES = 256;
const MAX_LENGTH = 2000;

/**
 * @returns the bound of a pattern for which JavaScript's engine takes time that is linear in the
 *   text, or undefined if that cannot be shown. Nearly all patterns of schemas are of this kind:
 *   `^[A-Z]{3}$`, `^\d+(\.\d{2})?$`, `^(?!-)[a-z-]+$`
 */
export function linearBound({ alternatives }: AST.Pattern): BacktrackingBound | undefined {
  const bound = ofAlternatives(alternatives);
  if (!bound) return undefined;
  // Without an anchor, the engine begins again at each character.
  const isAnchored = alternatives.every(
    ({ elements: [first] }) => first?.type === 'Assertion' && first.kind === 'start',
  );
  const scans = isAnchored ? bound.unbounded : 1 + bound.unbounded + bound.unboundedInside;
  return scans <= 1 && bound.choices <= MAX_CHOICES && bound.length <= MAX_LENGTH ? bound : undefined;
}

function ofAlternatives(alternatives: readonly AST.Alternative[]): BacktrackingBound | undefined {
  const total: BacktrackingBound = { choices: 0, unbounded: 0, unboundedInside: 0, length: 0 };
  for (const { elements } of alternatives) {
    const bound = ofSequence(elements);
    if (!bound) return undefined;
    total.choices += bound.choices;
    total.unbounded = Math.max(total.unbounded, bound.unbounded);
    total.unboundedInside = Math.max(total.unboundedInside, bound.unboundedInside);
    total.length += bound.length;
  }
  return total;
}

function ofSequence(elements: readonly AST.Element[]): BacktrackingBound | undefined {
  const total: BacktrackingBound = { choices: 1, unbounded: 0, unboundedInside: 0, length: 1 };
  for (const element of elements) {
    const bound = ofElement(element);
    if (!bound) return undefined;
    if (total.unbounded > 0 && bound.unboundedInside > 0) return undefined;
    total.unboundedInside = Math.max(total.unboundedInside, bound.unboundedInside);
    total.choices *= bound.choices;
    total.unbounded += bound.unbounded;
    total.length += bound.length;
    if (total.choices > MAX_CHOICES || total.unbounded > 1) return undefined;
  }
  return total;
}

const ONE: BacktrackingBound = { choices: 1, unbounded: 0, unboundedInside: 0, length: 1 };

function ofElement(element: AST.Element): BacktrackingBound | undefined {
  switch (element.type) {
    case 'Character':
    case 'CharacterClass':
    case 'CharacterSet':
      return ONE;
    case 'Assertion':
      return 'alternatives' in element ? ofLookaround(element) : ONE;
    case 'Group':
    case 'CapturingGroup':
      return ofAlternatives(element.alternatives);
    case 'Quantifier':
      return ofQuantifier(element);
    default:
      return undefined;
  }
}

/** The engine does not come back into lookaround once it is left. */
function ofLookaround({ alternatives }: AST.LookaroundAssertion): BacktrackingBound | undefined {
  const bound = ofAlternatives(alternatives);
  if (!bound) return undefined;
  const { choices, unbounded, unboundedInside, length } = bound;
  return { ...ONE, unboundedInside: Math.max(unbounded, unboundedInside), length: choices * length };
}

function ofQuantifier({ element, min, max }: AST.Quantifier): BacktrackingBound | undefined {
  const bound = ofElement(element);
  if (!bound) return undefined;
  const { choices, unbounded, length } = bound;
  if (element.type === 'Group' || element.type === 'CapturingGroup') {
    if (max === 1) return { ...bound, choices: choices + 1 - min };
    return min === max && choices === 1 && unbounded === 0 ? { ...bound, length: length * max } : undefined;
  }
  const own = max - min + 1;
  return own > MAX_COUNTED_CHOICES
    ? { ...ONE, unbounded: 1, length: Math.max(1, min) }
    : { ...ONE, choices: own, length: Math.max(1, max) };
}
