/**
 * Patterns of the URL allow-list: `scheme://host[:port][/path-prefix]`. `*` stands for any host, for one sub-domain label or
 * more at the left (`*.example.com`), or for any port (`http://127.0.0.1:*`). A host alone (`hooks.example.com`) means https on its
 * default port. A path is a prefix of whole segments.
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

/** Reads a pattern, or answers `undefined` where the text is none. */
export function parseUrlPattern(text: string): UrlPattern | undefined {
  const match = PATTERN.exec(text.trim());
  if (!match) return undefined;
  const scheme = (match[1]?.toLowerCase() ?? 'https') as UrlPattern['scheme'];
  const port = match[3] ?? '';
  if (port !== '' && port !== '*' && Number(port) > 65_535) return undefined;
  return {
    scheme,
    host: match[2]!.toLowerCase(),
    port: port === DEFAULT_PORT[scheme] ? '' : port,
    pathPrefix: (match[4] ?? '').replace(/\/+$/, ''),
  };
}

/** Whether a URL (absolute, http or https) falls under a pattern. */
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
  // An encoded dot or slash could mean another path to the receiver than to us, so such a path is under no prefix.
  if (prefix !== '' && /%2e|%2f|%5c/i.test(path)) return false;
  return prefix === '' || path === prefix || path.startsWith(`${prefix}/`);
}
