import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import type { LosslessJson } from '../../domain/lossless-json';
import { Problem } from '../../domain/problems';
import { losslessOf, parseJson } from './parse-json';

/** The bytes of each request's body. */
const raws = new WeakMap<object, Buffer>();
/** Bodies that are left for the route to read. */
const left = new WeakSet<object>();

/**
 * Creates a reader of JSON bodies into `request.body`.
 *
 * @param limitBytes - larger bodies are refused
 * @param parsedBytes - larger bodies are not parsed, but left for `largeBodyOf`
 */
export function jsonBody(
  limitBytes: number,
  parsedBytes = Infinity,
): (request: Request, response: Response) => Promise<void> {
  const decode = express.raw({ limit: limitBytes, type: () => true });
  return async (request, response) => {
    const { headers } = request;
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    if (!hasBody) return;
    if (headers['content-type'] !== 'application/json') checkContentType(request);
    // Nearly all bodies are uncompressed. Reading one directly costs a fraction of Express's
    // parser.
    if (headers['content-encoding'] === undefined) raws.set(request, await collect(request, limitBytes));
    else {
      await readBody(decode, request, response);
      raws.set(request, request.body as Buffer);
    }
    const raw = raws.get(request)!;
    // A chunked body without content.
    if (raw.length === 0) request.body = {};
    else if (raw.length <= parsedBytes) request.body = parseJson(raw);
    else {
      request.body = undefined;
      left.add(request);
    }
  };
}

/** @returns a body that was not parsed because of its size */
export function largeBodyOf(request: Request): Buffer | undefined {
  return left.has(request) ? raws.get(request) : undefined;
}

function checkContentType(request: Request): void {
  // JSON is UTF-8 (RFC 8259 §8.1); the parser would also accept other Unicode encodings.
  const charset = /charset="?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  if (request.is('application/json') && /^utf-?8$/i.test(charset)) return;
  throw new Problem('unsupported-media-type', 'Send the body as UTF-8 with content-type: application/json.');
}

/**
 * Reads the whole body. If it is too large, the rest is read and dropped, so that the caller gets
 * the response.
 */
function collect(request: Request, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) chunks.push(chunk);
      else chunks.length = 0;
    });
    request.on('end', () => {
      if (size > limitBytes) reject(new Problem('payload-too-large', `The body is larger than ${limitBytes} bytes.`));
      else resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    });
    // The caller disconnected, so the problem is for the log only. Every request emits `close`,
    // also after a complete read, and creating a problem is not free.
    const cutShort = () =>
      request.readableEnded || reject(new Problem('invalid-request', 'The body could not be read.'));
    if (request.destroyed) return void cutShort();
    request.on('error', cutShort);
    request.on('close', cutShort);
  });
}

/** Reads the body with one of Express's parsers. */
export async function readBody(parse: RequestHandler, request: Request, response: Response): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const next: NextFunction = (error?: unknown) => (error ? reject(error as Error) : resolve());
    void parse(request, response, next);
  });
}

/**
 * @returns the body as the caller wrote it, or undefined if JavaScript writes its numbers the same
 *   way
 */
export function losslessBodyOf(request: Request): LosslessJson | undefined {
  const raw = raws.get(request);
  return raw && losslessOf(raw);
}
