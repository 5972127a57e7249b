import { parseUrl } from '../../../domain/parse-url';

/** Stands for this service: a path that leads elsewhere has another origin. */
const HERE = 'http://here.invalid';

/**
 * A path of this service with its query, as browsers understand it.
 *
 * @returns undefined for anything that leads elsewhere, such as `//host`, `/\host` or a URL
 */
export function ownPath(text: string): string | undefined {
  const url = /^\/(?![/\\])[^\\\p{C}]*$/u.test(text) ? parseUrl(text, HERE) : undefined;
  if (!url) return undefined;
  const { origin, pathname, search, hash } = url;
  // `/.//host` becomes `//host`.
  return origin === HERE && !pathname.startsWith('//') ? pathname + search + hash : undefined;
}
