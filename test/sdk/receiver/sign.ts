import { createHmac } from 'node:crypto';

/**
 * Signs as a sender would, with Node's crypto alone, so that it shares no code with the helpers.
 */
export interface SigningOptions {
  id?: string;
  /** Unix seconds, or any text in their place. */
  timestamp?: number | string;
  body?: string | Buffer;
}

export const NOW_SECONDS = 1_700_000_000;

/** The key of a secret: decoded if it was generated (`whsec_`), otherwise its text. */
export const keyOf = (secret: string) =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);

export function signatureOf(
  secret: string,
  { id = 'evt_1', timestamp = NOW_SECONDS, body = '{}' }: SigningOptions = {},
): string {
  const hmac = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest('base64')}`;
}

/** The three headers of Standard Webhooks, signed with each of the secrets. */
export function signedHeaders(secrets: string | string[], options: SigningOptions = {}): Record<string, string> {
  const { id = 'evt_1', timestamp = NOW_SECONDS } = options;
  const signatures = [secrets].flat().map((secret) => signatureOf(secret, options));
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') };
}

/** A JWT with any header, signed with HMAC-SHA256. */
export function tokenOf(claims: unknown, secret: string, header: unknown = { typ: 'JWT', alg: 'HS256' }): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const content = `${encode(header)}.${encode(claims)}`;
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
}

/** A body of format `envelope`. */
export function envelopeOf(payload: unknown, secret: string): string {
  const payloadAsString = JSON.stringify(payload);
  const signature = createHmac('sha256', secret).update(payloadAsString).digest('hex');
  return JSON.stringify({ payload, signature, payloadAsString });
}
