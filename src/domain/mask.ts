/** Replaces a secret in everything that is shown. */
export const MASK = '***';

const SECRET_HEADER = /auth|cookie|key|token|secret|pass|pwd|credential|session|jwt/i;

/**
 * Masks the values of headers that are likely secrets, so that the headers may be stored and shown.
 * Signatures are not masked, because they are of no use to anybody else.
 *
 * @param privateNames - further headers to mask
 */
export function maskHeaders(
  headers: Readonly<Record<string, string>>,
  privateNames?: ReadonlySet<string>,
): Record<string, string> {
  const masked: Record<string, string> = {};
  for (const name in headers)
    masked[name] = SECRET_HEADER.test(name) || privateNames?.has(name) ? MASK : headers[name]!;
  return masked;
}

/** Masks a secret in a text, both as it is and as escaped in JSON. */
export function maskSecret(text: string, secret: string): string {
  const inJson = JSON.stringify(secret).slice(1, -1);
  return text.replaceAll(secret, MASK).replaceAll(inJson, MASK);
}

/** Masks several secrets in a text. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  let masked = text;
  // A shorter one may be part of a longer one.
  for (const secret of secrets.toSorted((a, b) => b.length - a.length)) masked = maskSecret(masked, secret);
  return masked;
}

/** Shorter values occur in a text by chance. */
const MIN_QUERY_SECRET_LENGTH = 8;

/** The values in the query of a URL that may be secrets, as they are sent and decoded. */
export function querySecrets(url: string): string[] {
  if (!url.includes('?')) return [];
  const { search, searchParams } = new URL(url);
  const sent = search
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1));
  return [...new Set([...searchParams.values(), ...sent])].filter(({ length }) => length >= MIN_QUERY_SECRET_LENGTH);
}

/** Masks the values in the query of a URL. The names stay. */
export function maskQuery(url: string): string {
  const start = url.indexOf('?');
  if (start === -1) return url;
  const query = url
    .slice(start + 1)
    .replace(/(^|&)([^=&]*)(=?)[^&]*/g, (_, separator: string, name: string, equals: string) =>
      // A part without `=` may be a bare token.
      equals ? `${separator}${name}=${MASK}` : `${separator}${name && MASK}`,
    );
  return url.slice(0, start + 1) + query;
}
