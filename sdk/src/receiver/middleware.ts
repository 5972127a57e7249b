import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerChallenge } from './challenge.js';
import { VerificationError } from './errors.js';
import { verifyEnvelope, verifyFlat, verifyTrigger } from './formats.js';
import { verifyStandard, type StandardOptions } from './standard.js';

/** A delivery that was verified. */
export interface Delivery {
  /** The event's id: the same in every retry. */
  id: string;
  timestamp: Date;
  /** 1 for the first. */
  attempt: number;
  /** Of the body, after its format was verified; for GET of format `trigger` the claims of the token. */
  payload: unknown;
  rawBody: Buffer;
}

/** What the middleware puts the delivery on. */
export type VerifiedRequest = IncomingMessage & { signpost: Delivery };

export interface ReceiverOptions extends Omit<StandardOptions, 'secret'> {
  /** Of the subscription. While it is rotated: the new one and the one before. */
  secret: string | readonly string[];
  /** Of the subscription. @default 'standard' */
  format?: 'standard' | 'envelope' | 'trigger' | 'flat';
  /** Larger bodies are refused. In bytes. @default 1 MiB */
  maxBodyBytes?: number;
}

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * For Express, or any server of Node's http: answers challenges, reads the raw body, and lets through what is verified. Put it before body parsers, which
 * would read the body away.
 *
 * @example app.post('/hooks', signpostReceiver({ secret }), (request, response) => { … request.signpost.payload … response.sendStatus(204) })
 */
export function signpostReceiver(options: ReceiverOptions) {
  const secrets = [options.secret].flat();
  return async function receive(
    request: IncomingMessage,
    response: ServerResponse,
    next: (error?: unknown) => void,
  ): Promise<void> {
    const query = new URL(request.url ?? '/', 'http://receiver').searchParams;
    const crcToken = request.method === 'GET' ? query.get('crc_token') : null;
    try {
      if (crcToken !== null) return answer(response, 200, answerChallenge(crcToken, secrets[0]!));
      const rawBody = await readBody(request, options.maxBodyBytes ?? MAX_BODY_BYTES);
      if (rawBody === undefined) return answer(response, 413, { error: 'The body is too large.' });
      const { id, timestamp } = verifyStandard(rawBody, request.headers, { ...options, secret: secrets });
      const payload = payloadOf(options.format ?? 'standard', request, rawBody, secrets);
      const attempt = Number(request.headers['signpost-attempt'] ?? 1);
      (request as VerifiedRequest).signpost = { id, timestamp, attempt, payload, rawBody };
    } catch (error) {
      if (error instanceof VerificationError) return answer(response, 401, { error: error.message });
      return next(error);
    }
    next();
  };
}

/** By the first of the secrets that fits: during a rotation formats other than `standard` are signed by the new one alone. */
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
    throw new Error('Something before the receiver read the body: put the receiver first, or express.raw().');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
