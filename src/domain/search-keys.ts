import { isStorable } from './unstorable-texts';
import { LosslessJson, stringifyLossless } from './lossless-json';

export const MAX_SEARCH_KEYS = 5;
/** Values of one event that are indexed. */
const MAX_VALUES = 20;
/** Longer texts are not indexed. */
const MAX_VALUE_LENGTH = 200;

/**
 * A SQL/JSON path of members and array elements: `$.order.id`, `$.lines[*].sku`, `$."order-id"`.
 * Without filters and wildcards for members, so that evaluating it is cheap.
 */
export const SEARCH_KEY = /^\$(?:\.(?:[A-Za-z_][A-Za-z0-9_]*|"[^"\\:.[\]]{1,64}")(?:\[(?:\*|[0-9]{1,4})\])*)+$/;
const STEP = /\.([A-Za-z_][A-Za-z0-9_]*)|\."([^"]+)"|\[(\*|[0-9]+)\]/g;

/** A path as in `path:value`: without `$.`, and with or without `[*]`, which is implied. */
const pathText = (path: string) =>
  path
    .trim()
    .toLowerCase()
    .replace(/^\$\./, '')
    .replace(/\[\*?\]/g, '')
    .replaceAll('"', '');

/**
 * The values by which an event is found, each with its path and without. Case does not matter.
 *
 * @param keys - the paths of its type
 * @param data - the event's data, as JSON text
 * @returns undefined if no key has a value
 */
export function searchItems(keys: readonly string[], data: string): string[] | undefined {
  if (keys.length === 0) return undefined;
  const items = new Set<string>();
  const root = new LosslessJson(data).toJSON();
  let left = MAX_VALUES;
  for (const key of keys) {
    const path = pathText(key);
    for (const value of valuesAt(root, key)) {
      const text = textOf(value);
      if (text === undefined || left-- <= 0) continue;
      items.add(`:${text}`);
      items.add(`${path}:${text}`);
    }
  }
  return items.size > 0 ? [...items] : undefined;
}

/** What `searchItems` may have found for a text: a value, or `path:value`. */
export function searchTerms(text: string): string[] {
  const value = text.trim().toLowerCase();
  const end = value.indexOf(':');
  const terms = [`:${value}`];
  if (end > 0) terms.push(`${pathText(value.slice(0, end))}:${value.slice(end + 1).trim()}`);
  return terms;
}

/** @returns undefined unless the value is a text of usable length or a number */
function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  // A number that JavaScript would write differently is kept as its text.
  const written = stringifyLossless(value);
  const text = (written.startsWith('"') ? (value as string) : written).trim().toLowerCase();
  return text.length > 0 && text.length <= MAX_VALUE_LENGTH && isStorable(text) ? text : undefined;
}

/** The values at a path. As in SQL/JSON, a member of an array is that of each of its elements. */
function* valuesAt(root: unknown, path: string): Generator<unknown> {
  let values: unknown[] = [root];
  for (const [, name, quoted, index] of path.matchAll(STEP)) {
    const member = name ?? quoted;
    values = values.flatMap((value) => {
      if (member !== undefined) return elementsOf(value).flatMap((each) => memberOf(each, member));
      if (!Array.isArray(value)) return index === '*' || index === '0' ? [value] : [];
      return index === '*' ? value : value.slice(Number(index), Number(index) + 1);
    });
  }
  for (const value of values) yield* elementsOf(value);
}

const elementsOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

function memberOf(value: unknown, name: string): unknown[] {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [];
  return [(value as Record<string, unknown>)[name]];
}
