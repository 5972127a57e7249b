/**
 * Event type names are dotted (`payment.confirmed.v1`). A subscription names types or patterns: `*` stands for exactly one
 * segment, and as the last segment for one or more, so `payment.*.v1` follows one version of all payment types,
 * `payment.*` all versions of all of them, and `*` everything.
 */
const SEGMENT = '[A-Za-z0-9_-]+';

export const EVENT_TYPE_NAME = new RegExp(`^${SEGMENT}(\\.${SEGMENT})*$`);
export const EVENT_TYPE_PATTERN = new RegExp(`^(${SEGMENT}|\\*)(\\.(${SEGMENT}|\\*))*$`);
export const EVENT_TYPE_MAX_LENGTH = 128;

/** Whether a subscription's entry is a pattern rather than a name. */
export function isPattern(entry: string): boolean {
  return entry.includes('*');
}

/**
 * The regular expression of a list of names and patterns, as text that JavaScript and Postgres (`~`) read alike,
 * or `null` where the list has no pattern and equality will do.
 */
export function patternRegex(entries: readonly string[]): string | null {
  const patterns = entries.filter(isPattern);
  if (patterns.length === 0) return null;
  const alternatives = patterns.map((pattern) => {
    const segments = pattern.split('.');
    return segments
      .map((segment, index) => {
        if (segment !== '*') return segment;
        return index === segments.length - 1 ? '.+' : '[^.]+';
      })
      .join('[.]');
  });
  return `^(${alternatives.join('|')})$`;
}

/** Whether a type is among a subscription's entries. */
export function matchesEventType(entries: readonly string[], type: string): boolean {
  if (entries.includes(type)) return true;
  const regex = patternRegex(entries);
  return regex !== null && new RegExp(regex).test(type);
}
