/**
 * Shortens a URL to its host and the last segment of its path, which distinguish endpoints:
 * `hooks.example.com/…/orders`.
 */
export function shortUrl(url: string): string {
  const [, host = url, path = ''] = /^[a-z]+:\/\/([^/?#]+)([^?#]*)/i.exec(url) ?? [];
  const segments = path.split('/').filter(Boolean);
  if (segments.length === 0) return host;
  return segments.length === 1 ? `${host}/${segments[0]}` : `${host}/…/${segments.at(-1)}`;
}
