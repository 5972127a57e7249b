import { createHmac } from 'node:crypto';

/**
 * Checks a JWT without a library (RFC 7515, RFC 7519): three parts in base64url, the third of which
 * is the HMAC-SHA256 of the first two.
 *
 * @returns the JSON text of header and claims
 * @throws Error if the signature does not match
 */
export function readHs256(token: string, secret: string): { header: string; claims: string } {
  const [header = '', claims = '', signature = '', ...rest] = token.split('.');
  const expected = createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url');
  if (rest.length > 0 || signature !== expected) throw new Error('the signature does not match');
  const textOf = (part: string) => Buffer.from(part, 'base64url').toString('utf8');
  return { header: textOf(header), claims: textOf(claims) };
}
