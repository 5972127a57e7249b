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

const PATTERN = /^(?:(https?):\/\/)?(\*|(?:\*\.)?[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\*|\d{1,5}))?(\/[^?#\s]*)?$/i;
const DEFAULT_PORT = { http: '80', https: '443' } as const;

/**
 * Parses a pattern. Host and path are normalized as in URLs, so that `[0::1]` and `/café` match the
 * URLs they mean.
 *
 * @returns `undefined` if the text is not a pattern
 */
export function parseUrlPattern(text: string): UrlPattern | undefined {
  const match = PATTERN.exec(text.trim());
  if (!match) return undefined;
  const scheme = (match[1]?.toLowerCase() ?? 'https') as UrlPattern['scheme'];
  const wildcard = /^\*\.?/.exec(match[2]!)?.[0] ?? '';
  // A host that is only a wildcard needs a placeholder to be parsed as a URL.
  const rest = match[2]!.slice(wildcard.length);
  const parsable = `${scheme}://${rest || 'host'}${match[4] ?? ''}`;
  if (!URL.canParse(parsable)) return undefined;
  const { hostname, pathname } = new URL(parsable);
  const port = match[3] === undefined || match[3] === '*' ? (match[3] ?? '') : String(Number(match[3]));
  if (Number(port) > 65_535) return undefined;
  return {
    scheme,
    host: wildcard + (rest && hostname),
    port: port === DEFAULT_PORT[scheme] ? '' : port,
    pathPrefix: pathname.replace(/\/+$/, ''),
  };
}

/** Whether a pattern matches an absolute http or https URL. */
export function urlMatches(pattern: UrlPattern, url: string): boolean {
  if (!URL.canParse(url)) return false;
  const target = new URL(url);
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
