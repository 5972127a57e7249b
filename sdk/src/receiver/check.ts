import { answerChallenge } from './challenge.js';
import { VerificationError } from './errors.js';
import { verifyEnvelope, verifyFlat, verifyTrigger } from './formats.js';
import { requireSecret } from './secrets.js';
import { headerOf, verifyStandard, type Headers, type StandardOptions } from './standard.js';

/** A verified delivery. */
export interface Delivery<Payload = unknown> {
  /**
   * The value of `webhook-id`: the event's own id in Signpost, the same in every retry. For
   * deduplication.
   */
  id: string;
  /** When this attempt was signed. */
  timestamp: Date;
  /** Number of this attempt, starting with 1. Not covered by the signature. */
  attempt: number;
  /**
   * The parsed payload: for `standard` the body, for `envelope` the signed payload, for `trigger`
   * the token's claims, for `flat` the body without the secret. `undefined` if a `standard` body is
   * empty.
   */
  payload: Payload;
  /** The body as it arrived, encrypted if it was. */
  rawBody: Buffer;
}

/** How a subscription's deliveries are verified. */
export interface ReceiverOptions extends Omit<StandardOptions, 'secret'> {
  /**
   * The subscription's secret. During a rotation, the new one first and then the old one.
   * `undefined`, as an environment variable that is not set, is a TypeError when the receiver is
   * created.
   */
  secret: string | readonly string[] | undefined;
  /**
   * The subscription's format.
   * @default 'standard'
   */
  format?: 'standard' | 'envelope' | 'trigger' | 'flat';
  /**
   * Decrypts a compact JWE, if the subscription has `encryption`. It is called after the signature
   * was verified, which covers the body as it arrived.
   *
   * @example
   * ```ts
   * decrypt: async (jwe) => (await compactDecrypt(jwe, privateKey)).plaintext, // from `jose`
   * ```
   */
  decrypt?: (jwe: string) => string | Uint8Array | Promise<string | Uint8Array>;
  /**
   * Largest accepted body, in bytes. Larger ones are answered with 413.
   * @default 1048576
   */
  maxBodyBytes?: number;
}

/** A request, as far as verifying it needs. */
export interface IncomingDelivery {
  method: string | undefined;
  /** Path and query, or the whole URL. */
  url: string | undefined;
  headers: Headers;
  /** @returns the raw body; `undefined` if it is larger than the limit */
  readBody(maxBytes: number): Promise<Buffer | undefined>;
}

/** A response that ends a request before it reaches the receiver's work. */
export interface Answer {
  status: number;
  body: object;
}

const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;

/**
 * The core of every receiver, independent of frameworks.
 *
 * @returns a function that verifies a request. It returns the delivery, or the answer to a
 * challenge or to a request that cannot be verified
 * @throws TypeError if a secret is missing or empty
 */
export function deliveryChecker(
  options: ReceiverOptions,
): (request: IncomingDelivery) => Promise<{ delivery: Delivery } | { answer: Answer }> {
  const maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  const secrets = [options.secret].flat().map((secret) => requireSecret(secret as string));
  if (secrets.length === 0) throw new TypeError("secret is an empty list; pass the subscription's secret.");
  return async function check(request) {
    const crcToken = request.method === 'GET' ? queryOf(request.url).get('crc_token') : null;
    try {
      if (crcToken !== null) return { answer: { status: 200, body: answerChallenge(crcToken, secrets[0]!) } };
      const rawBody = await request.readBody(maxBodyBytes);
      if (rawBody === undefined)
        return { answer: { status: 413, body: { error: `The body is larger than ${maxBodyBytes} bytes.` } } };
      const { id, timestamp } = verifyStandard(rawBody, request.headers, { ...options, secret: secrets });
      const body = await clearBody(options, request.headers, rawBody);
      const payload = payloadOf(options.format ?? 'standard', request.headers, body, secrets);
      const attempt = Number(headerOf(request.headers, 'signpost-attempt') ?? 1);
      return { delivery: { id, timestamp, attempt, payload, rawBody } };
    } catch (error) {
      if (error instanceof VerificationError) return { answer: { status: 401, body: { error: error.message } } };
      throw error;
    }
  };
}

/** @throws Error if the body is encrypted and cannot be decrypted */
async function clearBody({ decrypt }: ReceiverOptions, headers: Headers, rawBody: Buffer): Promise<Buffer> {
  if (!/^application\/jose\b/i.test(headerOf(headers, 'content-type') ?? '')) return rawBody;
  if (!decrypt) throw new Error('The body is encrypted. Pass decrypt to the receiver.');
  const clear = await decrypt(rawBody.toString());
  return typeof clear === 'string' ? Buffer.from(clear) : Buffer.from(clear);
}

/** Not by `new URL`, which throws on request targets that any client can send, such as `//[`. */
function queryOf(target = ''): URLSearchParams {
  return new URLSearchParams(target.replace(/^[^?]*/, '').replace(/#.*$/s, ''));
}

/**
 * Tries each secret in turn: during a rotation the parts that are specific to a format use the new
 * secret only, which may be either of the receiver's secrets.
 */
function payloadOf(format: string, headers: Headers, rawBody: Buffer, secrets: readonly string[]): unknown {
  if (format === 'standard') return rawBody.length > 0 ? JSON.parse(rawBody.toString()) : undefined;
  for (const [index, secret] of secrets.entries()) {
    try {
      if (format === 'envelope') return verifyEnvelope(rawBody, secret);
      if (format === 'flat') return verifyFlat(rawBody, secret);
      return verifyTrigger(headerOf(headers, 'authorization'), secret);
    } catch (error) {
      if (!(error instanceof VerificationError) || index === secrets.length - 1) throw error;
    }
  }
  return undefined;
}

/** Collects the chunks of a body, up to a limit. */
export async function collect(
  chunks: AsyncIterable<unknown> | Iterable<unknown>,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const collected: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > maxBytes) return undefined;
    collected.push(Buffer.from(chunk as Uint8Array));
  }
  return Buffer.concat(collected);
}
