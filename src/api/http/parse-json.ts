import { canonicalJson, LosslessJson, mayRewriteNumbers } from '../../domain/lossless-json';
import { Problem } from '../../domain/problems';
import { sha256 } from '../../domain/sha256';

/** No body needs this depth, and recursive code is still far from overflowing its stack. */
const MAX_DEPTH = 500;
const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\[]{}');
/** JSON is UTF-8, and parsers may ignore a byte order mark (RFC 8259 §8.1). */
const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** @throws Problem malformed-json; validation-failed if it is nested too deeply */
export function parseJson(raw: Buffer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(UTF_8.decode(raw));
  } catch (error) {
    throw new Problem('malformed-json', 'The body could not be parsed as JSON.', { cause: error });
  }
  if (isDeeperThan(MAX_DEPTH, raw)) {
    throw new Problem('validation-failed', 'The body is nested too deeply.', {
      errors: [{ path: '', message: `at most ${MAX_DEPTH} levels of objects and arrays` }],
    });
  }
  return value;
}

/** @returns the body as written, or undefined if JavaScript writes its numbers the same way */
export function losslessOf(raw: Buffer): LosslessJson | undefined {
  // Latin-1 is the fastest decoding, and digits are the same in it.
  return mayRewriteNumbers(raw.toString('latin1')) ? new LosslessJson(UTF_8.decode(raw)) : undefined;
}

/** A hash that is the same for bodies that are equal as JSON values. */
export function bodyIdentity(value: unknown, written: LosslessJson | undefined): Buffer {
  return sha256(canonicalJson(written ?? value));
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
