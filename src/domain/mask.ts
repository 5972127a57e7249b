/** What stands in for a secret wherever something is shown. */
export const MASK = '***';

const SECRET_HEADER = /auth|cookie|key|token|secret|pass|pwd|credential|session|jwt/i;

/** Headers as they may be kept and shown: values that are likely secrets are masked. A signature is none: it is of no use to anybody else. */
export function maskHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const masked: Record<string, string> = {};
  for (const name in headers) masked[name] = SECRET_HEADER.test(name) ? MASK : headers[name]!;
  return masked;
}

/** A text without a secret in it, as it is or as JSON writes it. */
export function maskSecret(text: string, secret: string): string {
  const inJson = JSON.stringify(secret).slice(1, -1);
  return text.replaceAll(secret, MASK).replaceAll(inJson, MASK);
}
