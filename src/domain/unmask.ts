import { LosslessJson } from './lossless-json';
import { MASK } from './mask';

/**
 * Replaces the masks in the query of a URL by the values of a stored URL that they stand for: the
 * first mask of a parameter is its first value, and so on. The rest of the URLs may differ.
 *
 * @returns the URL, and the parts of the query that stand for no stored value
 */
export function unmaskQuery(given: string, stored: string | undefined): { url: string; unfounded: string[] } {
  const unfounded: string[] = [];
  const start = given.indexOf('?');
  if (start === -1) return { url: given, unfounded };
  const known = partsOf(stored ?? '');
  const seen = new Map<string, number>();
  const parts = partsOf(given).map(({ name, text, isMask }) => {
    const position = seen.get(name) ?? 0;
    seen.set(name, position + 1);
    if (!isMask) return text;
    const kept = known.filter((part) => part.name === name)[position];
    if (!kept) unfounded.push(text);
    return kept?.text ?? text;
  });
  return { url: `${given.slice(0, start)}?${parts.join('&')}`, unfounded };
}

interface QueryPart {
  /** Empty for a part without `=`, which may be a bare token. */
  name: string;
  text: string;
  isMask: boolean;
}

function partsOf(url: string): QueryPart[] {
  const start = url.indexOf('?');
  if (start === -1) return [];
  const texts = url.slice(start + 1).split('&');
  return texts.map((text) => {
    const equals = text.indexOf('=');
    const value = text.slice(equals + 1).replace(/%2a/gi, '*');
    return { name: equals === -1 ? '' : text.slice(0, equals + 1), text, isMask: value === MASK };
  });
}

/**
 * Replaces the members of an object that are masks by those of a stored object.
 *
 * @returns the object, and the names of the masks that stand for no stored member
 */
export function unmaskMembers(
  given: LosslessJson,
  stored: LosslessJson | undefined,
): { members: LosslessJson; unfounded: string[] } {
  const unfounded: string[] = [];
  const value = given.value() as Record<string, unknown>;
  const names = Object.keys(value);
  if (!names.some((name) => value[name] === MASK)) return { members: given, unfounded };
  const members = names.map((name) => {
    const kept = value[name] === MASK ? stored?.at(name) : given.at(name);
    if (kept === undefined) unfounded.push(name);
    return `${JSON.stringify(name)}:${kept ?? JSON.stringify(MASK)}`;
  });
  return { members: new LosslessJson(`{${members.join(',')}}`), unfounded };
}
