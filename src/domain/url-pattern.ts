import { hostNameFault } from './host-name';
import { parseUrl } from './parse-url';

/**
 * A pattern of the URL allow-list: `scheme://host[:port][/path-prefix]`. `*` stands for any host,
 * for one or more sub-domain labels at the left (`*.example.com`), or for any port
 * (`http://127.0.0.1:*`). A host alone (`hooks.example.com`) means https on its default port. A
 * path is a prefix of whole segments.
 */
export interface UrlPattern {
  scheme: 'http' | 'https';
  host: string;
  /** Empty for the scheme's default port. */
  port: string;
  pathPrefix: string;
}

const PATTERN =
  /^(?:(https?):\/\/)?(\*|(?:\*\.)?[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\*|\d{1,5}))?(\/[^?#\s\p{Cc}\p{Cs}]*)?$/iu;
const DEFAULT_PORT = { http: '80', https: '443' } as const;

/**
 * Parses a pattern. Host and path are normalized as in URLs, so that `[0::1]` and `/café` match the
 * URLs they mean.
 *
 * @returns `undefined` if the text is not a pattern
 */
export function parseUrlPattern(text: string): UrlPattern | undefined {
  const match = PATTERN.exec(text.trim());
  if (!match || /[\p{Cc}\p{Cs}]/u.test(text)) return undefined;
  const scheme = (match[1]?.toLowerCase() ?? 'https') as UrlPattern['scheme'];
  const wildcard = /^\*\.?/.exec(match[2]!)?.[0] ?? '';
  // A host that is only a wildcard needs a placeholder to be parsed as a URL.
  const rest = match[2]!.slice(wildcard.length);
  const parsable = `${scheme}://${rest || 'host'}${match[4] ?? ''}`;
  const url = parseUrl(parsable);
  if (!url) return undefined;
  const { hostname, pathname } = url;
  const port = match[3] === undefined || match[3] === '*' ? (match[3] ?? '') : String(Number(match[3]));
  if (Number(port) > 65_535) return undefined;
  return {
    scheme,
    host: wildcard + (rest && hostname.replace(/\.$/, '')),
    port: port === DEFAULT_PORT[scheme] ? '' : port,
    pathPrefix: pathname.replace(/\/+$/, ''),
  };
}

/** Why no URL of a delivery can match a pattern, or undefined. */
export function patternFault({ host, port }: UrlPattern): string | undefined {
  const name = host.replace(/^\*\.?/, '');
  // The labels that a wildcard stands for belong to a name.
  if (host.startsWith('*.') && isAddress(name)) return 'expected a host name after *.';
  if (port === '0') return 'expected a port from 1 to 65535';
  return name === '' ? undefined : hostNameFault(name);
}

/** WHATWG: a host whose last label is a number is an IPv4 address. */
const isAddress = (host: string) => host.startsWith('[') || /(^|\.)\d+$/.test(host);

/** The one spelling of a pattern. */
export function formatUrlPattern({ scheme, host, port, pathPrefix }: UrlPattern): string {
  return `${scheme}://${host}${port === '' ? '' : `:${port}`}${pathPrefix}`;
}

/**
 * The pattern of one URL and what is below it.
 *
 * @returns undefined if no pattern matches the URL
 */
export function patternOf(url: string): string | undefined {
  const { protocol, host, pathname } = new URL(url);
  const origin = `${protocol}//${host}`;
  for (const text of [origin + pathname, origin]) {
    const pattern = parseUrlPattern(text);
    if (pattern && urlMatches(pattern, url)) return formatUrlPattern(pattern);
  }
  return undefined;
}

/** Whether a pattern matches an absolute http or https URL. */
export function urlMatches(pattern: UrlPattern, url: string): boolean {
  const target = parseUrl(url);
  if (!target) return false;
  if (target.protocol !== `${pattern.scheme}:`) return false;
  return (
    hostMatches(pattern.host, target.hostname) &&
    portMatches(pattern.port, target.port) &&
    pathMatches(pattern.pathPrefix, target.pathname)
  );
}

function hostMatches(pattern: string, host: string): boolean {
  if (pattern === '*') return true;
  if (pattern.startsWith('*.')) return host.endsWith(pattern.slice(1)) && host.length > pattern.length - 1;
  return host === pattern;
}

function portMatches(pattern: string, port: string): boolean {
  return pattern === '*' || port === pattern;
}

function pathMatches(prefix: string, path: string): boolean {
  if (prefix === '') return true;
  // The receiver may resolve encoded dots and slashes, and dots with a parameter, to another path
  // than we do. Such a path matches no prefix.
  if (/%(2e|2f|5c|25)|\/\.{1,2};/i.test(path)) return false;
  return path === prefix || path.startsWith(`${prefix}/`);
}
