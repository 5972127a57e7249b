import { errors, type Dispatcher } from 'undici';
import { AbandonedError, DeadlineError, NameLookupError, StaleConnectionError } from './errors';
import type { ReusableClient } from './reusable-client';

/** Size of the part of a response body that is kept. */
export const KEPT_BODY_BYTES = 16 * 1024;
/** The same for names and values of headers. `Retry-After` is always kept. */
const KEPT_HEADER_BYTES = 16 * 1024;
/**
 * How much more of a body is read and discarded, so that the connection can be reused, before it is
 * closed.
 */
const DRAINED_BODY_BYTES = 64 * 1024;
/** Codes of a connection that the other side has closed. */
const CLOSED_CODES = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];
/** Timeout of a body after the status, which decides the outcome, has arrived. */
const BODY_TIMEOUT_MS = 2000;

export interface HttpResponse {
  status: number;
  /** Names are in lower case; repeated headers are joined by a comma. */
  headers: Record<string, string>;
  /** The first 16 KiB as UTF-8. Invalid bytes and NUL are replaced by U+FFFD. */
  body: string;
  /** Whether the headers or the body were longer, or the body was incomplete. */
  truncated: boolean;
}

export interface ExchangeOptions {
  /**
   * Timeout from the name lookup to the headers of the response. The body gets the rest of it, at
   * most 2 s.
   */
  timeoutMs: number;
  /** Aborts the request. */
  signal?: AbortSignal;
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
  { timeoutMs, signal }: ExchangeOptions,
): Promise<HttpResponse> {
  const { connection } = request;
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let response: Omit<HttpResponse, 'body'> | undefined;
    const body = new BodyStart();
    let settled = false;
    let reused = false;

    const end = () => {
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abandon);
    };
    const succeed = (complete: boolean) => {
      if (settled) return;
      end();
      resolve({ ...response!, body: body.read(), truncated: response!.truncated || !complete || body.isLarger });
    };
    // After the status has arrived, the request has succeeded, with as much of the body as was
    // read.
    const fail = (error: Error) => {
      if (settled) return;
      const status = connection.client?.response?.status;
      if (error instanceof errors.HeadersOverflowError && status) response ??= { status, headers: {}, truncated: true };
      if (response) return succeed(false);
      end();
      const { code = '' } = error as NodeJS.ErrnoException;
      const isStale = reused && !connection.client?.response?.hasBegun && CLOSED_CODES.includes(code);
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
    const deadline = performance.now() + timeoutMs;
    const expire = () => {
      const waitsForName = !controller && connection.isResolving();
      abort(
        waitsForName
          ? new NameLookupError(`the name servers did not answer within ${timeoutMs / 1000} s`)
          : new DeadlineError(`no response within ${timeoutMs / 1000} s`),
      );
    };
    let timer = setTimeout(expire, timeoutMs);
    if (signal?.aborted) return abandon();
    signal?.addEventListener('abort', abandon);

    try {
      dispatcher.dispatch(request, {
        onRequestStart(started) {
          controller = started;
          reused = connection.client?.startRequest() ?? false;
          // The request was aborted while it waited for a connection. It is not sent.
          if (settled) started.abort(new AbandonedError('the request was abandoned'));
        },
        onResponseStart(_controller, status, headers) {
          if (status < 200 || settled) return;
          response = { status, ...flatten(headers) };
          clearTimeout(timer);
          const leftMs = Math.min(BODY_TIMEOUT_MS, deadline - performance.now());
          timer = setTimeout(() => abort(new DeadlineError('the body took too long')), leftMs);
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

/** Keeps the start of a body, and counts a little more. */
class BodyStart {
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

  read(): string {
    return this.size === 0 ? '' : Buffer.concat(this.chunks).toString('utf8').replaceAll('\u0000', '\ufffd');
  }
}

/** Joins repeated headers, and keeps the first of them if they are too large. */
function flatten(headers: Record<string, string | string[] | undefined>): Pick<HttpResponse, 'headers' | 'truncated'> {
  const flat: Record<string, string> = {};
  let left = KEPT_HEADER_BYTES;
  for (const name in headers) {
    const values = headers[name];
    if (values === undefined) continue;
    const value = Array.isArray(values) ? values.join(', ') : values;
    const size = name.length + value.length;
    if (size <= left || name === 'retry-after') flat[name] = value;
    left -= size;
  }
  return { headers: flat, truncated: left < 0 };
}
