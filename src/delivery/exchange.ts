import type { Dispatcher } from 'undici';
import { AbandonedError, DeadlineError } from './attempt-fault';

/** What of a response body is kept. */
export const KEPT_BODY_BYTES = 16 * 1024;
/** What more of it is read, so that the connection can be used again, before it is cut. */
const DRAINED_BODY_BYTES = 64 * 1024;
/** How long a body may take once the status, which decides, is here. */
const BODY_TIME_MS = 2000;

export interface HttpResponse {
  status: number;
  /** Names in lower case; repeated ones joined by a comma. */
  headers: Record<string, string>;
  /** The first 16 KiB, as UTF-8; what is none, and NUL, is replaced by U+FFFD. */
  body: string;
  /** Whether there was more, or the body did not come to its end. */
  truncated: boolean;
}

export interface ExchangeOptions {
  /** For everything from resolving the name to the response's headers; what is left of it, 2 s at most, is the body's. */
  timeoutMs: number;
  /** Gives the request up. */
  signal?: AbortSignal;
}

/**
 * One request and the start of its response, on undici's dispatch: a stream, its iterator and an abort signal for each would cost more than the rest of an
 * attempt.
 *
 * @throws DeadlineError, AbandonedError, or what the network gave, where no response came
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { timeoutMs, signal }: ExchangeOptions,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let response: Pick<HttpResponse, 'status' | 'headers'> | undefined;
    const body = new BodyStart();
    let settled = false;

    const end = () => {
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abandon);
    };
    const succeed = (complete: boolean) => {
      if (settled) return;
      end();
      const { status, headers } = response!;
      resolve({ status, headers, body: body.read(), truncated: !complete || body.isLarger });
    };
    // Once the status is here it decides; the body is what came of it.
    const fail = (error: Error) => {
      if (settled) return;
      if (response) return succeed(false);
      end();
      reject(error);
    };
    /** Settles first: what undici says of the connection that is cut matters no more. */
    const cut = (error: Error) => {
      fail(error);
      controller?.abort(error);
    };
    const abandon = () => cut(new AbandonedError('the request was abandoned'));
    const deadline = performance.now() + timeoutMs;
    let timer = setTimeout(() => cut(new DeadlineError(`no response within ${timeoutMs / 1000} s`)), timeoutMs);
    if (signal?.aborted) return abandon();
    signal?.addEventListener('abort', abandon);

    try {
      dispatcher.dispatch(request, {
        onRequestStart(started) {
          controller = started;
          // It waited for its connection, and is wanted no more: it is not sent.
          if (settled) started.abort(new AbandonedError('the request was abandoned'));
        },
        onResponseStart(_controller, status, headers) {
          if (status < 200 || settled) return;
          response = { status, headers: flatten(headers) };
          clearTimeout(timer);
          const leftMs = Math.min(BODY_TIME_MS, deadline - performance.now());
          timer = setTimeout(() => cut(new DeadlineError('the body took too long')), leftMs);
        },
        onResponseData(_controller, chunk) {
          if (!body.add(chunk)) cut(new AbandonedError('the body is too large'));
        },
        onResponseEnd: () => succeed(true),
        onResponseError: (_controller, error) => fail(error),
      });
    } catch (error) {
      fail(error as Error);
    }
  });
}

/** Keeps the start of a body, and drains a little more. */
class BodyStart {
  private readonly chunks: Buffer[] = [];
  private size = 0;

  /** @returns whether more is wanted: a body that never ends costs no more than that */
  add(chunk: Buffer): boolean {
    if (this.size < KEPT_BODY_BYTES) this.chunks.push(chunk.subarray(0, KEPT_BODY_BYTES - this.size));
    this.size += chunk.length;
    return this.size <= KEPT_BODY_BYTES + DRAINED_BODY_BYTES;
  }

  /** Whether there was more than is kept. */
  get isLarger(): boolean {
    return this.size > KEPT_BODY_BYTES;
  }

  read(): string {
    return this.size === 0 ? '' : Buffer.concat(this.chunks).toString('utf8').replaceAll('\u0000', '\ufffd');
  }
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
