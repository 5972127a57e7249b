import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerChallenge } from './challenge.js';
import { VerificationError } from './errors.js';
import { verifyEnvelope, verifyFlat, verifyTrigger } from './formats.js';
import { requireSecret } from './secrets.js';
import { verifyStandard, type StandardOptions } from './standard.js';

/** A verified delivery. */
export interface Delivery {
  /** The event's id, the same in every retry. */
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
  payload: unknown;
  /** The body as it arrived. */
  rawBody: Buffer;
}

/** The request with the delivery that {@link signpostReceiver} added to it. */
export type VerifiedRequest = IncomingMessage & { signpost: Delivery };

/** Options of {@link signpostReceiver}. */
export interface ReceiverOptions extends Omit<StandardOptions, 'secret'> {
  /** The subscription's secret. During a rotation, the new one first and then the old one. */
  secret: string | readonly string[];
  /**
   * The subscription's format.
   * @default 'standard'
   */
  format?: 'standard' | 'envelope' | 'trigger' | 'flat';
  /**
   * Largest accepted body, in bytes. Larger ones are answered with 413.
   * @default 1048576
   */
  maxBodyBytes?: number;
}

const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;

/**
 * Middleware for Express or any server based on Node's `http`. It answers challenges, reads the raw
 * body, verifies it and adds the {@link Delivery} to the request as `signpost`. Requests that
 * cannot be verified are answered with 401 and do not reach the next handler.
 *
 * Put it before body parsers, which consume the raw body; `express.raw()` is fine.
 *
 * @throws TypeError if a secret is missing or empty
 * @example
 * ```ts
 * app.all('/hooks', signpostReceiver({ secret }), (request, response) => {
 *   const { id, payload } = (request as unknown as VerifiedRequest).signpost;
 *   console.log(id, payload);
 *   response.sendStatus(204);
 * });
 * ```
 */
export function signpostReceiver(options: ReceiverOptions) {
  const maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  const secrets = [options.secret].flat().map(requireSecret);
  if (secrets.length === 0) throw new TypeError("secret is an empty list; pass the subscription's secret.");
  return async function receive(
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): Promise<void> {
    const crcToken = request.method === 'GET' ? queryOf(request.url).get('crc_token') : null;
    try {
      if (crcToken !== null) return respond(response, 200, answerChallenge(crcToken, secrets[0]!));
      const rawBody = await readBody(request, maxBodyBytes);
      if (rawBody === undefined)
        return respond(response, 413, { error: `The body is larger than ${maxBodyBytes} bytes.` });
      const { id, timestamp } = verifyStandard(rawBody, request.headers, { ...options, secret: secrets });
      const payload = payloadOf(options.format ?? 'standard', request, rawBody, secrets);
      const attempt = Number(request.headers['signpost-attempt'] ?? 1);
      (request as VerifiedRequest).signpost = { id, timestamp, attempt, payload, rawBody };
    } catch (error) {
      if (error instanceof VerificationError) return respond(response, 401, { error: error.message });
      return next(error);
    }
    next();
  };
}

/** Not by `new URL`, which throws on request targets that any client can send, such as `//[`. */
function queryOf(target = ''): URLSearchParams {
  return new URLSearchParams(target.replace(/^[^?]*/, ''));
}

/**
 * Tries each secret in turn: during a rotation the parts that are specific to a format use the new
 * secret only, which may be either of the receiver's secrets.
 */
function payloadOf(format: string, request: IncomingMessage, rawBody: Buffer, secrets: readonly string[]): unknown {
  if (format === 'standard') return rawBody.length > 0 ? JSON.parse(rawBody.toString()) : undefined;
  for (const [index, secret] of secrets.entries()) {
    try {
      if (format === 'envelope') return verifyEnvelope(rawBody, secret);
      if (format === 'flat') return verifyFlat(rawBody, secret);
      return verifyTrigger(request.headers.authorization, secret);
    } catch (error) {
      if (!(error instanceof VerificationError) || index === secrets.length - 1) throw error;
    }
  }
  return undefined;
}

async function readBody(
  request: IncomingMessage & { rawBody?: Buffer; body?: unknown },
  maxBytes: number,
): Promise<Buffer | undefined> {
  if (Buffer.isBuffer(request.rawBody)) return request.rawBody;
  if (Buffer.isBuffer(request.body)) return request.body;
  if (request.readableEnded)
    throw new Error('The body was already read. Put signpostReceiver before body parsers, or use express.raw().');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
