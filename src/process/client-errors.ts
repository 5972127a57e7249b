import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem, problemBody, type ProblemCode } from '../domain/problems';

/** Errors of Node's parser and its timeouts that have a status of their own. */
const CODES: Readonly<Record<string, [code: ProblemCode, detail: string]>> = {
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'Send fewer or shorter headers, or a shorter URL.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['payload-too-large', 'Send the body in chunks without extensions.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'Send the headers within 15 s, and all of the request within 60 s.'],
};
const OTHERS: [code: ProblemCode, detail: string] = ['invalid-request', 'Send valid HTTP/1.1.'];

/** Node keeps the response that is being sent on a connection here. */
interface Connection extends Duplex {
  _httpMessage?: { headersSent: boolean } | null;
}

/**
 * Answers what Node could not read as a request, with a problem as body. No handler sees such a
 * request, and Node's own answer has no body.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Connection): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket._httpMessage?.headersSent) {
    socket.destroy(error);
    return;
  }
  const [code, detail] = CODES[error.code ?? ''] ?? OTHERS;
  const problem = new Problem(code, detail);
  const { status } = problem;
  const body = problemBody(problem, '/');
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
