/** Replaces a secret in everything that is shown. */
export const MASK = '***';

const SECRET_HEADER = /auth|cookie|key|token|secret|pass|pwd|credential|session|jwt/i;

/**
 * Masks the values of headers that are likely secrets, so that the headers may be stored and shown.
 * Signatures are not masked, because they are of no use to anybody else.
 */
export function maskHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const masked: Record<string, string> = {};
  for (const name in headers) masked[name] = SECRET_HEADER.test(name) ? MASK : headers[name]!;
  return masked;
}

/** Masks a secret in a text, both as it is and as escaped in JSON. */
export function maskSecret(text: string, secret: string): string {
  const inJson = JSON.stringify(secret).slice(1, -1);
  return text.replaceAll(secret, MASK).replaceAll(inJson, MASK);
}
