/**
 * Event type names are dotted (`payment.confirmed.v1`). A subscription lists names or patterns. `*`
 * stands for exactly one segment, or at the end for one or more. `payment.*.v1` matches version 1
 * of all payment types, `payment.*` matches all their versions, and `*` matches everything.
 */
const SEGMENT = '[A-Za-z0-9_-]+';

export const EVENT_TYPE_NAME = new RegExp(`^${SEGMENT}(\\.${SEGMENT})*$`);
export const EVENT_TYPE_PATTERN = new RegExp(`^(${SEGMENT}|\\*)(\\.(${SEGMENT}|\\*))*$`);
export const EVENT_TYPE_MAX_LENGTH = 128;

/** Whether an entry of a subscription is a pattern, not a name. */
export function isPattern(entry: string): boolean {
  return entry.includes('*');
}

/**
 * The regular expression for the patterns in a list of names and patterns. JavaScript and Postgres
 * (`~`) interpret it in the same way.
 *
 * @returns `null` if the list has no pattern, so that equality is enough
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

/** Whether an entry of a subscription matches an event type. */
export function matchesEventType(entries: readonly string[], type: string): boolean {
  if (entries.includes(type)) return true;
  const regex = patternRegex(entries);
  return regex !== null && new RegExp(regex).test(type);
}

/** Whether a name ends with a version, as in `payment.confirmed.v1`. */
export function isVersioned(name: string): boolean {
  return /\.v[0-9]+$/.test(name);
}
