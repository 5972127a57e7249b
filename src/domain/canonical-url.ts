import { hostNameFault } from './host-name';
import { parseUrl } from './parse-url';

/** A URL in its one spelling, or why it is refused. */
export type CanonicalUrl = { href: string } | { fault: string };

/** What a URL may have besides. */
export interface CanonicalUrlOptions {
  /** Whether it may have a fragment, which no request contains. @default false */
  allowsFragment?: boolean;
}

/** Blanks at either end, control characters, and halves of a surrogate pair. */
const UNCLEAN = /^\p{White_Space}|\p{White_Space}$|[\p{Cc}\p{Cs}\u2028\u2029\ufeff]/u;
/** The authority of a URL as it was written. Browsers take a backslash for a slash. */
const AUTHORITY = /^[a-z][a-z0-9+.-]*:[/\\]*([^/\\?#]*)/i;

/**
 * Serializes an absolute http or https URL as the WHATWG URL standard does: host in lower case, no
 * default port, dots in the path resolved. The root dot of a host name is left out, because servers
 * know themselves without it.
 */
export function canonicalUrl(text: string, { allowsFragment = false }: CanonicalUrlOptions = {}): CanonicalUrl {
  if (UNCLEAN.test(text)) return { fault: 'must not contain control characters, or blanks at its ends' };
  const url = parseUrl(text);
  if (!url) return { fault: 'expected an absolute URL' };
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { fault: 'expected http or https' };
  if (url.username || url.password || AUTHORITY.exec(text)?.[1]?.includes('@'))
    return { fault: 'must not contain credentials: use a header instead' };
  if (!allowsFragment && text.includes('#')) return { fault: 'must not contain a fragment' };
  if (url.hostname.endsWith('.')) {
    const withoutDot = url.hostname.slice(0, -1);
    // The setter ignores what is not a host.
    url.hostname = withoutDot;
    if (withoutDot === '' || url.hostname.endsWith('.')) return { fault: 'expected a host name' };
  }
  const hostFault = hostNameFault(url.hostname);
  if (hostFault !== undefined) return { fault: hostFault };
  if (url.port === '0') return { fault: 'expected a port from 1 to 65535' };
  return { href: url.href };
}

/** Whether two URLs are the same in whatever spelling. One that is no URL is only like itself. */
export function isSameUrl(one: string, other: string): boolean {
  return one === other || spellingOf(one) === spellingOf(other);
}

/** The one spelling of a URL that was stored before URLs had one. */
function spellingOf(text: string): string {
  const trimmed = canonicalUrl(text.replace(/[\p{Cc}]|^\p{White_Space}+|\p{White_Space}+$/gu, ''));
  return 'href' in trimmed ? trimmed.href : text;
}
