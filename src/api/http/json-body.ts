import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { Problem } from '../../domain/problems';
import { mayRewriteNumbers, LosslessJson } from '../../domain/lossless-json';

/** No body needs this depth, and recursive code is still far from overflowing its stack. */
const MAX_DEPTH = 500;
const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\[]{}');
/** The bytes of each request's body. */
const raws = new WeakMap<object, Buffer>();

/** Strips a byte order mark, as JSON parsers may (RFC 8259 §8.1). Invalid UTF-8 becomes U+FFFD. */
const UTF_8 = new TextDecoder();

/**
 * Creates a reader of JSON bodies into `request.body`.
 *
 * @param limitBytes - larger bodies are refused
 */
export function jsonBody(limitBytes: number): (request: Request, response: Response) => Promise<void> {
  const parseEncoded = express.json({
    limit: limitBytes,
    strict: false,
    verify: (request, _response, raw) => void raws.set(request, raw),
  });
  return async (request, response) => {
    const { headers } = request;
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    if (!hasBody) return;
    if (headers['content-type'] !== 'application/json') checkContentType(request);
    // Nearly all bodies are uncompressed. Reading one directly costs a fraction of Express's
    // parser.
    if (headers['content-encoding'] === undefined) parsePlain(request, await collect(request, limitBytes));
    else await readBody(parseEncoded, request, response);
    const raw = raws.get(request);
    if (raw && isDeeperThan(MAX_DEPTH, raw)) {
      throw new Problem('validation-failed', 'The body is nested too deeply.', {
        errors: [{ path: '', message: `at most ${MAX_DEPTH} levels of objects and arrays` }],
      });
    }
  };
}

function checkContentType(request: Request): void {
  // JSON is UTF-8 (RFC 8259 §8.1); the parser would also accept other Unicode encodings.
  const charset = /charset="?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  if (request.is('application/json') && /^utf-?8$/i.test(charset)) return;
  throw new Problem('unsupported-media-type', 'Send the body as UTF-8 with content-type: application/json.');
}

function parsePlain(request: Request, raw: Buffer): void {
  raws.set(request, raw);
  // A chunked body without content.
  if (raw.length === 0) return void (request.body = {});
  try {
    request.body = JSON.parse(UTF_8.decode(raw));
  } catch (error) {
    throw new Problem('malformed-json', 'The body could not be parsed as JSON.', { cause: error });
  }
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
  // Latin-1 is the fastest decoding, and digits are the same in it.
  if (!raw || !mayRewriteNumbers(raw.toString('latin1'))) return undefined;
  return new LosslessJson(new TextDecoder().decode(raw));
}

function isDeeperThan(limit: number, json: Buffer): boolean {
  if (json.length < 2 * limit) return false;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < json.length; index++) {
    const byte = json[index];
    if (inString) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      if (++depth > limit) return true;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
  }
  return false;
}
