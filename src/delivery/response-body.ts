import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';

/** Size of the part of a response body that is kept, before and after it is decoded. */
export const KEPT_BODY_BYTES = 16 * 1024;
/**
 * How much more of a body is read and discarded, so that the connection can be reused, before it is
 * closed.
 */
const DRAINED_BODY_BYTES = 64 * 1024;
/** A body with more codings is kept as it came. */
const MAX_CODINGS = 3;
/** The compression method in the first byte of a zlib stream (RFC 1950 §2.2). */
const ZLIB_METHOD = 8;

/** The kept part of a body, as text. */
export interface BodyText {
  text: string;
  /** Whether decoding yielded more than is kept. */
  isCut: boolean;
}

/** Keeps the start of a body, and counts a little more. */
export class BodyStart {
  private readonly chunks: Buffer[] = [];
  private size = 0;

  /** @returns whether to read on; an endless body is cut off */
  add(chunk: Buffer): boolean {
    if (this.size < KEPT_BODY_BYTES) this.chunks.push(chunk.subarray(0, KEPT_BODY_BYTES - this.size));
    this.size += chunk.length;
    return this.size <= KEPT_BODY_BYTES + DRAINED_BODY_BYTES;
  }

  /** Whether the body is larger than the part that is kept. */
  get isLarger(): boolean {
    return this.size > KEPT_BODY_BYTES;
  }

  /**
   * Undoes the content coding and the charset that the response names. Requests ask for no coding,
   * but some receivers use one regardless (RFC 9110 §12.5.3).
   *
   * @returns a promise only if there is a content coding
   */
  read(headers: Readonly<Record<string, string>>): BodyText | Promise<BodyText> {
    if (this.size === 0) return { text: '', isCut: false };
    const bytes = Buffer.concat(this.chunks);
    const contentType = headers['content-type'];
    const codings = codingsOf(headers['content-encoding']);
    if (codings.length === 0) return { text: textOf(bytes, contentType), isCut: false };
    return decoded(bytes, codings).then((body) => ({ text: textOf(body.bytes, contentType), isCut: body.isCut }));
  }
}

interface Decoded {
  bytes: Buffer;
  isCut: boolean;
}

/** A body that cannot be decoded stays as it is. */
async function decoded(bytes: Buffer, codings: readonly string[]): Promise<Decoded> {
  let body: Decoded = { bytes, isCut: false };
  for (const coding of [...codings].reverse()) {
    const result = await decodedBy(coding, body.bytes);
    if (!result) return { bytes, isCut: false };
    body = { bytes: result.bytes, isCut: body.isCut || result.isCut };
  }
  return body;
}

/**
 * Stops as soon as more than the kept size was decoded, so a small body that expands to a large one
 * costs no memory.
 */
function decodedBy(coding: string, bytes: Buffer): Promise<Decoded | undefined> {
  const decoder = decoderOf(coding, bytes);
  if (!decoder) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (isCut: boolean) => {
      decoder.destroy();
      resolve({ bytes: Buffer.concat(chunks).subarray(0, KEPT_BODY_BYTES), isCut });
    };
    decoder.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > KEPT_BODY_BYTES) finish(true);
    });
    decoder.on('end', () => finish(false));
    decoder.on('error', () => resolve(undefined));
    decoder.end(bytes);
  });
}

/** The flush modes accept a body whose end was not kept. */
function decoderOf(coding: string, bytes: Buffer) {
  const options = { finishFlush: constants.Z_SYNC_FLUSH };
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip(options);
    case 'br':
      return createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH });
    case 'deflate':
      // It stands for zlib (RFC 9110 §8.4.1.2), but some servers send what zlib contains.
      return (bytes[0]! & 0x0f) === ZLIB_METHOD ? createInflate(options) : createInflateRaw(options);
    default:
      return undefined;
  }
}

/** @returns the codings in the order in which they were applied; empty if there are too many */
function codingsOf(contentEncoding = ''): string[] {
  const codings = contentEncoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  return codings.length > MAX_CODINGS ? [] : codings;
}

/** Invalid bytes and NUL are replaced by U+FFFD. Without a known charset, the text is UTF-8. */
function textOf(bytes: Buffer, contentType: string | undefined): string {
  const charset = charsetOfBom(bytes) ?? charsetOf(contentType);
  const text = charset === undefined ? undefined : textIn(charset, bytes);
  return (text ?? bytes.toString('utf8')).replaceAll('\u0000', '\ufffd');
}

function charsetOf(contentType = ''): string | undefined {
  return /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1];
}

/** A byte order mark counts more than the header (WHATWG Encoding, §6). */
function charsetOfBom(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return undefined;
}

function textIn(charset: string, bytes: Buffer): string | undefined {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return undefined;
  }
}
