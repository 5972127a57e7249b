import type { Socket } from 'node:net';
import { errors } from 'undici';
import { repairedHead } from './response-head';

/** With the versions that undici accepts. */
const STATUS_LINE = /^HTTP\/(?:0\.9|1\.[01]|2\.0) (\d{3})[ \r\n]/;
const STATUS_LINE_BYTES = 'HTTP/1.1 200 '.length;
const VERSION_START = 'HTTP/';
const ENDS_OF_HEADERS = ['\n\r\n', '\n\n'];
/** Of all interim responses before a final one. */
const MAX_INTERIM_BYTES = 64 * 1024;
/** Headers up to this size are passed on together. */
const MAX_HEAD_BYTES = 16 * 1024;
const FIRST_STATUS = 100;
const FIRST_FINAL_STATUS = 200;
const SWITCHING_PROTOCOLS = 101;

/**
 * Watches the start of each response on a connection, before undici parses it. Three things that
 * undici cannot do depend on it: it fails at a 100 that it did not ask for (RFC 9110 §15.2 has
 * clients skip interim responses), it loses the status if the headers are too large or not valid,
 * and it refuses a Content-Length that is repeated (RFC 9110 §8.6 allows to read equal ones as
 * one).
 */
export class ResponseStart {
  private expected = false;
  private held: Buffer = Buffer.alloc(0);
  private skippedBytes = 0;
  /** Whether any byte of the response has arrived. */
  hasBegun = false;
  /** The status of the final response, once it is known. */
  status: number | undefined;

  /** @param socket - whose data is passed on without what undici refuses */
  constructor(private readonly socket: Pick<Socket, 'read' | 'destroy'>) {
    const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
    socket.read = (size?: number) => this.pass(read(size));
  }

  /** Called when a request is about to be written. */
  expect(): void {
    this.expected = true;
    this.hasBegun = false;
    this.status = undefined;
    this.skippedBytes = 0;
    this.held = Buffer.alloc(0);
  }

  private pass(chunk: Buffer | null): Buffer | null {
    if (!this.expected || chunk === null) return chunk;
    this.hasBegun = true;
    const response = this.skipInterim(this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]));
    if (response.length > 0) this.expected = false;
    return response.length > 0 ? response : null;
  }

  /** @returns what begins with the final response, or nothing as long as more is needed */
  private skipInterim(received: Buffer): Buffer {
    let rest = received;
    for (;;) {
      this.held = rest;
      const start = rest.toString('latin1', 0, STATUS_LINE_BYTES);
      if (mayBecomeStatusLine(start)) return rest.subarray(0, 0);
      const status = Number(STATUS_LINE.exec(start)?.[1]);
      if (status < FIRST_STATUS) {
        // undici would fail an assertion.
        this.socket.destroy(new errors.HTTPParserError('invalid status code'));
        return rest.subarray(0, 0);
      }
      const isInterim = status >= FIRST_STATUS && status < FIRST_FINAL_STATUS && status !== SWITCHING_PROTOCOLS;
      if (!isInterim) {
        this.status = status || undefined;
        return this.status ? this.wholeHead(rest) : rest;
      }
      const size = headBytes(rest);
      if (this.skippedBytes + (size ?? rest.length) > MAX_INTERIM_BYTES) {
        this.socket.destroy(new errors.HeadersOverflowError());
        return rest;
      }
      if (size === undefined) return rest.subarray(0, 0);
      this.skippedBytes += size;
      rest = rest.subarray(size);
    }
  }

  /** @returns nothing as long as the headers of the final response are incomplete */
  private wholeHead(response: Buffer): Buffer {
    const size = headBytes(response);
    if (size === undefined) return response.length < MAX_HEAD_BYTES ? response.subarray(0, 0) : response;
    const head = response.toString('latin1', 0, size);
    const repaired = repairedHead(head);
    return repaired === head ? response : Buffer.concat([Buffer.from(repaired, 'latin1'), response.subarray(size)]);
  }
}

/** Whether these are too few bytes of a status line, rather than something else. */
function mayBecomeStatusLine(start: string): boolean {
  if (start.length >= STATUS_LINE_BYTES || start.includes('\n')) return false;
  return VERSION_START.startsWith(start.slice(0, VERSION_START.length));
}

/** @returns the bytes up to the end of the headers; undefined if they have not arrived yet */
function headBytes(response: Buffer): number | undefined {
  const ends = ENDS_OF_HEADERS.flatMap((end) => {
    const at = response.indexOf(end);
    return at < 0 ? [] : [at + end.length];
  });
  return ends.length === 0 ? undefined : Math.min(...ends);
}
