import { errors, type Dispatcher } from 'undici';
import { TimeLimit } from '../process/time-limit';
import type { AbortSource } from './cut-off';
import { AbandonedError, DeadlineError, NameLookupError, StaleConnectionError, isNotHttp } from './errors';
import { BodyStart, type BodyText } from './response-body';
import { withoutBlanksAtEnd } from './response-head';
import type { ReusableClient } from './reusable-client';

/** Size of the names and values of headers that are kept. */
const KEPT_HEADER_BYTES = 16 * 1024;
/** Headers that are kept whatever their size: the next wait and the text of the body need them. */
const ALWAYS_KEPT = ['retry-after', 'content-type', 'content-encoding'];
/** Code of undici for a connection that was closed. */
const CLOSED = 'UND_ERR_SOCKET';
/** Codes of a connection that the other side has closed. */
const CLOSED_CODES = ['ECONNRESET', 'EPIPE', CLOSED];
/** Timeout of a body after the status, which decides the outcome, has arrived. */
const BODY_TIMEOUT_MS = 2000;
/** Longest wait for a connection, with the look-up of the name and the TLS handshake. */
export const MAX_CONNECT_MS = 10_000;

export interface HttpResponse {
  status: number;
  /** Names are in lower case; repeated headers are joined by a comma. */
  headers: Record<string, string>;
  /** The first 16 KiB as text, decoded. Invalid bytes and NUL are replaced by U+FFFD. */
  body: string;
  /** Whether the headers or the body were longer, or the body was incomplete. */
  truncated: boolean;
  /** Whether the body was longer or incomplete, whatever the headers were. */
  bodyTruncated: boolean;
}

export interface ExchangeOptions {
  /**
   * Timeout of the receiver: from the connection to the headers of the response. The body gets the
   * rest of it, at most 2 s. The connection has to be there in the same time, within 10 s.
   */
  timeoutMs: number;
  /**
   * How much longer than `timeoutMs` the request may take because it waited for a connection. What
   * exceeds it, is taken from the receiver's time. @default 0
   */
  connectMs?: number;
  /** Aborts the request. */
  signal?: AbortSource;
}

/** The state of the connection, which decides the class of a failure. */
export interface ConnectionState {
  /** Whether the connection waits for the look-up of the host name. */
  isResolving(): boolean;
  /** The client that sends the request. It sets itself when the request is dispatched to it. */
  client?: ReusableClient;
}

/**
 * Sends one request and reads the start of its response. It uses undici's dispatch, because a
 * stream, its iterator and an abort signal per request would cost more than the rest of an attempt.
 *
 * @throws DeadlineError, NameLookupError, AbandonedError, StaleConnectionError, or the network's
 *   error, if there is no response
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions & { connection: ConnectionState },
  { timeoutMs, connectMs = 0, signal }: ExchangeOptions,
): Promise<HttpResponse> {
  const { connection } = request;
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let response: Omit<HttpResponse, 'body' | 'bodyTruncated'> | undefined;
    const body = new BodyStart();
    let settled = false;
    let reused = false;

    const end = () => {
      settled = true;
      limit.clear();
      signal?.removeEventListener('abort', abandon);
    };
    const succeed = (complete: boolean) => {
      if (settled) return;
      end();
      const finish = ({ text, isCut }: BodyText) => {
        const bodyTruncated = !complete || body.isLarger || isCut;
        resolve({ ...response!, body: text, truncated: response!.truncated || bodyTruncated, bodyTruncated });
      };
      const read = body.read(response!.headers);
      if (read instanceof Promise) void read.then(finish);
      else finish(read);
    };
    // After the status has arrived, the request has succeeded, with as much of the body as was
    // read.
    const fail = (reported: Error) => {
      if (settled) return;
      const { client } = connection;
      const error = (codeOf(reported) === CLOSED && client?.connectionError) || reported;
      const status = client?.response?.status;
      const isRefused = error instanceof errors.HeadersOverflowError || isNotHttp(error);
      if (isRefused && status) response ??= { status, headers: {}, truncated: true };
      if (response) return succeed(false);
      end();
      const isStale = reused && !client?.response?.hasBegun && CLOSED_CODES.includes(codeOf(error));
      reject(
        isStale ? new StaleConnectionError('the connection was closed before a response', { cause: error }) : error,
      );
    };
    /**
     * Settles before it aborts: undici's error about the aborted connection must not become the
     * result.
     */
    const abort = (error: Error) => {
      fail(error);
      controller?.abort(error);
    };
    const abandon = () => abort(new AbandonedError('the request was abandoned'));
    const begun = performance.now();
    let deadline: number;
    const connectWithinMs = Math.min(timeoutMs, MAX_CONNECT_MS);
    const expire = () => abort(new DeadlineError(`no response within ${timeoutMs / 1000} s`));
    const giveUpConnecting = () => {
      const within = `within ${connectWithinMs / 1000} s`;
      abort(
        connection.isResolving()
          ? new NameLookupError(`the name servers did not answer ${within}`)
          : new DeadlineError(`no connection ${within}`),
      );
    };
    let limit = new TimeLimit(connectWithinMs, giveUpConnecting);
    if (signal?.aborted) return abandon();
    signal?.addEventListener('abort', abandon);

    try {
      dispatcher.dispatch(request, {
        onRequestStart(started) {
          controller = started;
          reused = connection.client?.startRequest() ?? false;
          // The request was aborted while it waited for a connection. It is not sent.
          if (settled) return started.abort(new AbandonedError('the request was abandoned'));
          const now = performance.now();
          deadline = Math.min(now + timeoutMs, begun + timeoutMs + connectMs);
          // The process was paused meanwhile. Nobody would wait for the response, and a claim may
          // have lapsed.
          if (deadline <= now) return giveUpConnecting();
          limit.clear();
          limit = new TimeLimit(deadline - now, expire);
        },
        onResponseStart(_controller, status, headers) {
          if (status < 200 || settled) return;
          response = { status, ...flatten(headers) };
          limit.clear();
          const leftMs = Math.min(BODY_TIMEOUT_MS, deadline - performance.now());
          limit = new TimeLimit(leftMs, () => abort(new DeadlineError('the body took too long')));
        },
        onResponseData(_controller, chunk) {
          if (!body.add(chunk)) abort(new AbandonedError('the body is too large'));
        },
        onResponseEnd: () => succeed(true),
        onResponseError: (_controller, error) => fail(error),
      });
    } catch (error) {
      fail(error as Error);
    }
  });
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

/** Joins repeated headers, and keeps the first of them if they are too large. */
function flatten(headers: Record<string, string | string[] | undefined>): Pick<HttpResponse, 'headers' | 'truncated'> {
  const flat: Record<string, string> = {};
  let left = KEPT_HEADER_BYTES;
  for (const name in headers) {
    const values = headers[name];
    if (values === undefined) continue;
    const value = Array.isArray(values) ? values.map(withoutBlanksAtEnd).join(', ') : withoutBlanksAtEnd(values);
    const size = name.length + value.length;
    if (size <= left || ALWAYS_KEPT.includes(name)) flat[name] = value;
    left -= size;
  }
  return { headers: flat, truncated: left < 0 };
}
