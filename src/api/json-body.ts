import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { Problem } from '../domain/problems';
import { mayRewriteNumbers, WrittenJson } from '../domain/written-json';

/** Deeper than any body has a use for, and far from what overflows the stack of whoever walks through it. */
const MAX_DEPTH = 500;
const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\[]{}');
const raws = new WeakMap<object, Buffer>();

/** Reads a body as JSON into `request.body`. @param limitBytes - how large it may be */
export function jsonBody(limitBytes: number): (request: Request, response: Response) => Promise<void> {
  const parse = express.json({
    limit: limitBytes,
    strict: false,
    verify: (request, _response, raw) => void raws.set(request, raw),
  });
  return async (request, response) => {
    const hasBody =
      request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
    // JSON is UTF-8 (RFC 8259 §8.1); the parser would take other encodings of Unicode too.
    const charset = /charset="?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
    if (hasBody && !(request.is('application/json') && /^utf-?8$/i.test(charset))) {
      throw new Problem('unsupported-media-type', 'Send the body with content-type: application/json, in UTF-8.');
    }
    await readBody(parse, request, response);
    const raw = raws.get(request);
    if (raw && isDeeperThan(MAX_DEPTH, raw)) {
      throw new Problem('validation-failed', 'The body is nested too deeply.', {
        errors: [{ path: '', message: `at most ${MAX_DEPTH} objects and lists in each other` }],
      });
    }
  };
}

/** Has one of Express's parsers read the body. */
export async function readBody(parse: RequestHandler, request: Request, response: Response): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const next: NextFunction = (error?: unknown) => (error ? reject(error as Error) : resolve());
    void parse(request, response, next);
  });
}

/** The body of a request as it was written; `undefined` where JavaScript writes its numbers just so. */
export function writtenBody(request: Request): WrittenJson | undefined {
  const raw = raws.get(request);
  // Latin-1 is the fast way to a string, and numbers are the same in it.
  if (!raw || !mayRewriteNumbers(raw.toString('latin1'))) return undefined;
  return new WrittenJson(new TextDecoder().decode(raw));
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
