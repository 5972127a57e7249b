import { Agent, type Dispatcher } from 'undici';
import type { AttemptError, HttpMethod } from '../domain/types';
import type { AddressGuard } from './address-guard';
import { AbandonedError, DeadlineError, faultOf } from './attempt-fault';

/** What of a response body is kept. */
export const KEPT_BODY_BYTES = 16 * 1024;
/** What more of it is read, so that the connection can be used again, before it is cut. */
const DRAINED_BODY_BYTES = 64 * 1024;
/** How long a body may take once the status, which decides, is here. */
const BODY_TIME_MS = 2000;
const MAX_DESTINATIONS = 10_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** More than attempts are ever under way in a process, so none waits for a connection while its deadline runs. */
const CONNECTIONS_PER_ORIGIN = 320;
/** How long one address of several may take before the next is tried as well; Node's own 250 ms is less than a far host needs. */
const NEXT_ADDRESS_AFTER_MS = 2000;

export interface HttpRequest {
  url: string;
  method: HttpMethod;
  headers: Record<string, string>;
  body?: string;
  /** For everything from resolving the name to the response's headers; what is left of it, 2 s at most, is the body's. */
  timeoutMs: number;
  /** Gives the request up. */
  signal?: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** Names in lower case; repeated ones joined by a comma. */
  headers: Record<string, string>;
  /** The first 16 KiB, as UTF-8; what is none, and NUL, is replaced by U+FFFD. */
  body: string;
  /** Whether there was more, or the body did not come to its end. */
  truncated: boolean;
}

/** What came of a request. `error` is null only for a 2xx response. */
export interface HttpResult {
  startedAt: Date;
  finishedAt: Date;
  durationMs: number;
  response: HttpResponse | null;
  error: AttemptError | null;
}

/** The client of everything that leaves for a URL that a customer named. */
export interface HttpClient {
  /** Sends one request. Follows no redirect, and never throws for what the network or the receiver does. */
  send(request: HttpRequest): Promise<HttpResult>;
  /** Waits for requests under way and takes no more. */
  close(): Promise<void>;
}

export interface HttpClientOptions {
  guard: AddressGuard;
  /** Certificate authorities to trust, as PEM. @default those that come with Node */
  certificateAuthorities?: string;
}

/** The client connects straight to the address that the guard checked: no proxy of the environment takes part. */
export function createHttpClient({ guard, certificateAuthorities }: HttpClientOptions): HttpClient {
  const agent = new Agent({
    connect: {
      lookup: guard.lookup,
      ca: certificateAuthorities,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
    },
    connections: CONNECTIONS_PER_ORIGIN,
    maxHeaderSize: MAX_HEADER_BYTES,
    // One deadline of our own covers all phases.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  const destinations = new Map<string, { origin: string; path: string }>();

  /** What a URL names; whether the guard allows it follows from its text alone, so both are found out once. */
  function destinationOf(url: string): { origin: string; path: string } {
    const known = destinations.get(url);
    if (known) return known;
    const parsed = new URL(url);
    guard.check(parsed);
    const destination = { origin: parsed.origin, path: parsed.pathname + parsed.search };
    if (destinations.size >= MAX_DESTINATIONS) destinations.clear();
    destinations.set(url, destination);
    return destination;
  }

  const underWay = new Set<Promise<HttpResult>>();
  let closed = false;

  async function exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    if (closed) throw new AbandonedError('the client is closed');
    signal.throwIfAborted();
    const { origin, path } = destinationOf(request.url);
    const answered = agent.request({
      origin,
      path,
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      signal,
    });
    // A request that still waits for its connection does not heed its signal before it has one (and is then not sent).
    const { statusCode, headers, body } = await Promise.race([answered, rejectionOf(signal)]);
    return { status: statusCode, headers: flatten(headers), ...(await readStart(body)) };
  }

  async function attempt(request: HttpRequest): Promise<HttpResult> {
    const startedAt = new Date();
    const started = performance.now();
    const done = (response: HttpResponse | null, error: AttemptError | null): HttpResult => {
      const durationMs = performance.now() - started;
      return { startedAt, finishedAt: new Date(startedAt.getTime() + durationMs), durationMs, response, error };
    };
    const abort = new AbortController();
    const deadline = setTimeout(
      () => abort.abort(new DeadlineError(`no response within ${request.timeoutMs / 1000} s`)),
      request.timeoutMs,
    );
    const abandon = () => abort.abort(new AbandonedError('the request was abandoned'));
    if (request.signal?.aborted) abandon();
    request.signal?.addEventListener('abort', abandon);
    try {
      const response = await exchange(request, abort.signal);
      const ok = response.status >= 200 && response.status < 300;
      return done(response, ok ? null : { class: 'status', message: `HTTP ${response.status}` });
    } catch (error) {
      return done(null, faultOf(error));
    } finally {
      clearTimeout(deadline);
      request.signal?.removeEventListener('abort', abandon);
    }
  }

  return {
    async send(request) {
      const result = attempt(request);
      underWay.add(result);
      try {
        return await result;
      } finally {
        underWay.delete(result);
      }
    },
    async close() {
      closed = true;
      await Promise.all(underWay);
      // Connections that nobody waits for any more are not waited for either.
      await agent.destroy();
    },
  };
}

/** Never resolves. Rejects with the signal's reason. */
function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );
}

/** Reads what is kept of a body, drains a little more, then cuts it: a body that never ends costs no more than that. */
async function readStart(body: Dispatcher.ResponseData['body']): Promise<Pick<HttpResponse, 'body' | 'truncated'>> {
  const chunks: Buffer[] = [];
  let size = 0;
  let ended = false;
  const timer = setTimeout(() => body.destroy(), BODY_TIME_MS);
  // A body that is cut fails; that is meant.
  body.on('error', () => undefined);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (size < KEPT_BODY_BYTES) chunks.push(chunk.subarray(0, KEPT_BODY_BYTES - size));
      size += chunk.length;
      if (size > KEPT_BODY_BYTES + DRAINED_BODY_BYTES) break;
    }
    ended = size <= KEPT_BODY_BYTES + DRAINED_BODY_BYTES;
  } catch {
    // The status is here and decides; the body is what came of it.
  } finally {
    clearTimeout(timer);
  }
  const text = Buffer.concat(chunks).toString('utf8').replaceAll('\u0000', '\ufffd');
  return { body: text, truncated: !ended || size > KEPT_BODY_BYTES };
}

function flatten(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter((entry): entry is [string, string | string[]] => entry[1] !== undefined)
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

const DELTA_SECONDS = /^\d{1,9}$/;
/** The three forms of HTTP-date (RFC 9110 §5.6.7): today's, and two that are obsolete; the last one, asctime's, does not say that it is GMT. */
const HTTP_DATES = [
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
];
const ASCTIME = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.
 *
 * @returns whole seconds from `now`, at least 0, or `undefined` where there is none or it is neither
 */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  if (DELTA_SECONDS.test(value)) return Number(value);
  if (!ASCTIME.test(value) && !HTTP_DATES.some((form) => form.test(value))) return undefined;
  const at = Date.parse(ASCTIME.test(value) ? `${value} GMT` : value);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now.getTime()) / 1000));
}
