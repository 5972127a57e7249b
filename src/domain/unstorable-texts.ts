const UNSTORABLE = /[\p{Surrogate}\0]/u;
/** Postgres stores no NUL, and would keep replacement characters instead of a lone surrogate. */
export const isStorable = (text: string) => !UNSTORABLE.test(text);
/** Enough to correct a request by. */
const MAX_FOUND = 20;

/**
 * Finds the texts in a JSON value that Postgres cannot store: with NUL or a lone surrogate.
 *
 * @returns the paths of the first ones. A name that is such a text ends the path of its object
 */
export function unstorableTexts(value: unknown): string[][] {
  const found: string[][] = [];
  visit(value, [], found);
  return found;
}

function visit(value: unknown, path: string[], found: string[][]): void {
  if (found.length >= MAX_FOUND) return;
  if (typeof value === 'string' && !isStorable(value)) found.push(path);
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    // A pointer with the name itself could not be sent either.
    if (!isStorable(name)) found.push(path);
    else visit(member, [...path, name], found);
  }
}
