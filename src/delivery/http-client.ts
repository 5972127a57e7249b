import { Agent } from 'undici';
import type { AttemptError, HttpMethod } from '../domain/types';
import type { AddressGuard } from './address-guard';
import { AbandonedError, faultOf } from './attempt-fault';
import { exchange, type ExchangeOptions, type HttpResponse } from './exchange';

const MAX_DESTINATIONS = 10_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** More than attempts are ever under way in a process, so none waits for a connection while its deadline runs. */
const CONNECTIONS_PER_ORIGIN = 320;
/** How long one address of several may take before the next is tried as well; Node's own 250 ms is less than a far host needs. */
const NEXT_ADDRESS_AFTER_MS = 2000;

export type { HttpResponse } from './exchange';

export interface HttpRequest extends ExchangeOptions {
  url: string;
  method: HttpMethod;
  headers: Record<string, string>;
  body?: string;
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

  /** @throws what `exchange` throws, and at once where the request is not to be made */
  function respond(request: HttpRequest): Promise<HttpResponse> {
    if (closed) throw new AbandonedError('the client is closed');
    const { origin, path } = destinationOf(request.url);
    const { method, headers, body = null } = request;
    return exchange(agent, { origin, path, method, headers, body }, request);
  }

  async function attempt(request: HttpRequest): Promise<HttpResult> {
    const startedAt = new Date();
    const started = performance.now();
    const done = (response: HttpResponse | null, error: AttemptError | null): HttpResult => {
      const durationMs = performance.now() - started;
      return { startedAt, finishedAt: new Date(startedAt.getTime() + durationMs), durationMs, response, error };
    };
    try {
      const response = await respond(request);
      const ok = response.status >= 200 && response.status < 300;
      return done(response, ok ? null : { class: 'status', message: `HTTP ${response.status}` });
    } catch (error) {
      return done(null, faultOf(error));
    }
  }

  return {
    send(request) {
      const result = attempt(request);
      underWay.add(result);
      const forget = () => underWay.delete(result);
      void result.then(forget, forget);
      return result;
    },
    async close() {
      closed = true;
      await Promise.all(underWay);
      // Connections that nobody waits for any more are not waited for either.
      await agent.destroy();
    },
  };
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
