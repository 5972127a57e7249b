import { LRUCache } from 'lru-cache';
import type { AttemptError } from '../domain/types';
import type { AddressGuard } from './address-guard';
import { faultOf } from './attempt-fault';
import { authorizing } from './authorize';
import { AbandonedError, StaleConnectionError } from './errors';
import { exchange, type HttpResponse } from './exchange';
import { localConnector, type LocalReceiver } from './local-receiver';
import type { HttpRequest, HttpResult, Send } from './messages';
import { TlsTransports } from './tls-transports';
import { createTransport, transportBy, type Transport } from './transport';

const MAX_DESTINATIONS = 10_000;
/** Without it, a receiver may use any content coding (RFC 9110 §12.5.3). */
const ANY_REQUEST = { 'accept-encoding': 'identity' };

export { MAX_CONNECT_MS, type HttpResponse } from './exchange';
export type { HttpRequest, HttpResult } from './messages';

/** A parsed and checked URL. */
interface Destination {
  origin: string;
  hostname: string;
  path: string;
  isLocal: boolean;
}

/** The client for all requests to URLs that customers have set. */
export interface HttpClient {
  send: Send;
  /** Refuses new requests and waits for the running ones. */
  close(): Promise<void>;
}

export interface HttpClientOptions {
  guard: AddressGuard;
  /** Certificate authorities to trust, as PEM. @default those of Node */
  certificateAuthorities?: string;
  /** The proxy through which every request goes. @default none, whatever the environment names */
  egressProxy?: URL;
  /** Requests to its URLs go neither through the guard nor through the proxy. @default none */
  localReceiver?: LocalReceiver;
}

/**
 * Creates a client that connects to the address that the guard checked, directly or through the
 * given proxy.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { guard, certificateAuthorities, egressProxy, localReceiver } = options;
  const askers = new LRUCache<string, string>({ max: MAX_DESTINATIONS });
  const customerOf = (hostname: string) => askers.get(hostname);
  const transportOptions = { guard, certificateAuthorities, egressProxy, customerOf };
  const shared = createTransport(transportOptions);
  const ofIdentities = new TlsTransports(transportOptions);
  const local = localReceiver && transportBy(localConnector(localReceiver));

  const destinations = new Map<string, Destination>();

  /**
   * Parses and checks a URL once: the policy is that of the process, and the addresses of this
   * machine hardly change. Names are checked at each look-up.
   */
  function destinationOf(url: string): Destination {
    const cached = destinations.get(url);
    if (cached) return cached;
    const parsed = new URL(url);
    const isLocal = localReceiver?.serves(parsed) ?? false;
    if (!isLocal) guard.check(parsed);
    const { origin, hostname, pathname, search } = parsed;
    const destination = { origin, hostname, path: pathname + search, isLocal };
    if (destinations.size >= MAX_DESTINATIONS) destinations.clear();
    destinations.set(url, destination);
    return destination;
  }

  const inFlight = new Set<Promise<HttpResult>>();
  let closed = false;

  /** @throws what `exchange` throws; synchronously if the request is refused */
  function respond(request: HttpRequest): Promise<HttpResponse> {
    if (closed) throw new AbandonedError('the client is closed');
    const destination = destinationOf(request.url);
    if (destination.isLocal) return respondBy(local!, request, destination);
    if (request.customerId !== undefined) askers.set(destination.hostname, request.customerId);
    const { tls } = request;
    return tls
      ? ofIdentities.use(tls, (transport) => respondBy(transport, request, destination))
      : respondBy(shared, request, destination);
  }

  async function respondBy(
    { agent, connector, newClient }: Transport,
    request: HttpRequest,
    { origin, hostname, path }: Destination,
  ): Promise<HttpResponse> {
    const { method, body = null, timeoutMs, connectMs, signal } = request;
    const deadline = performance.now() + timeoutMs;
    const connection = { isResolving: () => connector.isResolving(hostname) };
    const headers = { ...ANY_REQUEST, ...request.headers };
    const message = { origin, path, method, headers, body, connection };
    try {
      return await exchange(agent, message, request);
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      // The receiver closed an idle connection at the moment in which it was reused. Other idle
      // connections may be stale as well, so the request goes over one of its own.
      const client = newClient(origin);
      const leftMs = Math.max(0, deadline - performance.now());
      return await exchange(client, message, { timeoutMs: leftMs, connectMs, signal }).finally(
        () => void client.destroy(),
      );
    }
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
      const result = done(null, faultOf(error));
      return error instanceof AbandonedError && request.signal?.aborted ? { ...result, aborted: true } : result;
    }
  }

  function send(request: HttpRequest): Promise<HttpResult> {
    const result = attempt(request);
    inFlight.add(result);
    const forget = () => inFlight.delete(result);
    void result.then(forget, forget);
    return result;
  }

  return {
    send: authorizing(send),
    async close() {
      closed = true;
      await Promise.all(inFlight);
      await Promise.all([shared.destroy(), local?.destroy(), ofIdentities.close()]);
    },
  };
}

const DELTA_SECONDS = /^\d+$/;
/**
 * The current form of HTTP-date and an obsolete one (RFC 9110 §5.6.7). The third form, asctime,
 * does not name its zone GMT.
 */
const HTTP_DATES = [
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
];
/** Not the comma after the day of a date. */
const BETWEEN_VALUES = /(?<!Mon|Tue|Wed|Thu|Fri|Sat|Sun|day),/;
const ASCTIME = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or a date. Of several values, joined by commas,
 * the longest wait counts.
 *
 * @returns whole seconds from `now`, at least 0 and however many, or undefined if the header is
 *   absent or invalid
 */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  const waits = (value ?? '')
    .split(BETWEEN_VALUES)
    .map((one) => parseOne(one.trim(), now))
    .filter((wait) => wait !== undefined);
  return waits.length > 0 ? Math.max(...waits) : undefined;
}

function parseOne(value: string, now: Date): number | undefined {
  if (DELTA_SECONDS.test(value)) return Number(value);
  if (!ASCTIME.test(value) && !HTTP_DATES.some((form) => form.test(value))) return undefined;
  const at = Date.parse(ASCTIME.test(value) ? `${value} GMT` : value);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now.getTime()) / 1000));
}
