import type { Socket } from 'node:net';

const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})/;
const STATUS_LINE_BYTES = 'HTTP/1.1 200'.length;
const END_OF_HEADERS = '\r\n\r\n';
/** A larger interim response is left to the parser, which refuses it. */
const MAX_INTERIM_BYTES = 64 * 1024;
const FIRST_FINAL_STATUS = 200;
const SWITCHING_PROTOCOLS = 101;

/**
 * Watches the start of each response on a connection, before undici parses it. Two things that
 * undici cannot do depend on it: it fails at a 100 that it did not ask for (RFC 9110 §15.2 has
 * clients skip interim responses), and it loses the status if the headers are too large.
 */
export class ResponseStart {
  private expected = false;
  private held: Buffer = Buffer.alloc(0);
  /** Whether any byte of the response has arrived. */
  hasBegun = false;
  /** The status of the final response, once it is known. */
  status: number | undefined;

  /** @param socket - whose data is passed on without the interim responses */
  constructor(socket: Pick<Socket, 'read'>) {
    const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
    socket.read = (size?: number) => this.pass(read(size));
  }

  /** Called when a request is about to be written. */
  expect(): void {
    this.expected = true;
    this.hasBegun = false;
    this.status = undefined;
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
      if (rest.length < STATUS_LINE_BYTES) return rest.subarray(0, 0);
      const status = Number(STATUS_LINE.exec(rest.toString('latin1', 0, STATUS_LINE_BYTES))?.[1]);
      if (!(status < FIRST_FINAL_STATUS) || status === SWITCHING_PROTOCOLS) {
        this.status = status || undefined;
        return rest;
      }
      const end = rest.indexOf(END_OF_HEADERS);
      if (end < 0) return rest.length > MAX_INTERIM_BYTES ? rest : rest.subarray(0, 0);
      rest = rest.subarray(end + END_OF_HEADERS.length);
    }
  }
}
