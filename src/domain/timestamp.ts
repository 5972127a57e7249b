/** A moment as its producer wrote it. */
export interface Timestamp {
  /** The moment to the millisecond. A leap second is the last millisecond before it. */
  at: Date;
  /** RFC 3339 in UTC, with all digits of its second, and at least three after the point. */
  text: string;
}

/**
 * RFC 3339 §5.6: date, hour, minute, second, fraction, offset. `T` and `Z` may be in lower case.
 * The bound on the fraction keeps the text short.
 */
const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.(\d{1,32}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;
/** The same as a pattern that all JSON Schema validators can read. */
export const RFC_3339_PATTERN = RFC_3339.source;

const MINUTE_MS = 60_000;
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Parses a time of RFC 3339 with any offset.
 *
 * @returns undefined if the text is not one, if its year in UTC is not 0001 to 9999, or if it has a
 *   second 60 that is not the last one of a day in UTC
 */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [, date, hour, minute, second, fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = match;
  const isLeap = second === '60';
  const local = Date.parse(`${date}T${hour}:${minute}:${isLeap ? '59' : second}Z`);
  // Date.parse moves the 30th of February to March.
  if (Number.isNaN(local) || new Date(local).toISOString().slice(0, 10) !== date) return undefined;
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * MINUTE_MS;
  const at = new Date(sign === '-' ? local + offsetMs : local - offsetMs);
  const year = at.getUTCFullYear();
  if (year < 1 || year > 9999) return undefined;
  const iso = at.toISOString();
  if (isLeap && !iso.endsWith('T23:59:59.000Z')) return undefined;
  const digits = fraction.padEnd(3, '0');
  at.setUTCMilliseconds(isLeap ? 999 : Number(digits.slice(0, 3)));
  return { at, text: `${iso.slice(0, 17)}${second}.${digits}Z` };
}

/** The text without what does not change the moment: equal moments have equal ones. */
export function exactMoment({ text }: Timestamp): string {
  return text.replace(/(\.\d{3}\d*?)0*Z$/, '$1Z');
}

/** The first millisecond that is not before a moment, or the last one of the year 9999. */
export function atOrAfter(timestamp: Timestamp): Date {
  const { at } = timestamp;
  const isLater = exactMoment(timestamp) !== at.toISOString();
  return isLater ? new Date(Math.min(at.getTime() + 1, LAST_MS)) : at;
}

/** A moment to the millisecond. */
export function timestampAt(at: Date): Timestamp {
  return { at, text: at.toISOString() };
}

/** @returns the text if it has more than the moment has, else null */
export function textToStore({ at, text }: Timestamp): string | null {
  return text === at.toISOString() ? null : text;
}

/** The inverse of {@link textToStore}: the text of a stored time. */
export function storedText(row: { occurred_at: Date; occurred_text: string | null }): string {
  return row.occurred_text ?? row.occurred_at.toISOString();
}
