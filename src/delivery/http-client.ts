import { Agent, errors, type Dispatcher } from 'undici';
import type { AttemptError, AttemptErrorClass, HttpMethod } from '../domain/types';
import { BlockedAddressError, type AddressGuard } from './address-guard';

/** What of a response body is kept. */
export const KEPT_BODY_BYTES = 16 * 1024;
/** What more of it is read, so that the connection can be used again, before it is cut. */
const DRAINED_BODY_BYTES = 64 * 1024;
/** How long a body may take once the status, which decides, is here. */
const BODY_TIME_MS = 2000;
const MAX_HEADER_BYTES = 16 * 1024;
const CONNECTIONS_PER_ORIGIN = 64;
const MAX_MESSAGE_LENGTH = 200;

export interface HttpRequest {
  url: string;
  method: HttpMethod;
  headers: Record<string, string>;
  body?: string;
  /** For connecting, sending and the response's headers. */
  timeoutMs: number;
}

export interface HttpResponse {
  status: number;
  /** Names in lower case; repeated ones joined by a comma. */
  headers: Record<string, string>;
  /** The first 16 KiB, as UTF-8; what is none, and NUL, is replaced by U+FFFD. */
  body: string;
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
  /** Waits for requests under way. */
  close(): Promise<void>;
}

export function createHttpClient({ guard }: { guard: AddressGuard }): HttpClient {
  const agent = new Agent({
    connect: { lookup: guard.lookup },
    connections: CONNECTIONS_PER_ORIGIN,
    maxHeaderSize: MAX_HEADER_BYTES,
    // One deadline of our own covers all phases.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  async function exchange(request: HttpRequest): Promise<HttpResponse> {
    const url = new URL(request.url);
    guard.check(url);
    const deadline = AbortSignal.timeout(request.timeoutMs);
    const { statusCode, headers, body } = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      signal: deadline,
    });
    return { status: statusCode, headers: flatten(headers), ...(await readStart(body)) };
  }

  return {
    async send(request) {
      const startedAt = new Date();
      const started = performance.now();
      const done = (response: HttpResponse | null, error: AttemptError | null): HttpResult => {
        const durationMs = performance.now() - started;
        return { startedAt, finishedAt: new Date(startedAt.getTime() + durationMs), durationMs, response, error };
      };
      try {
        const response = await exchange(request);
        const ok = response.status >= 200 && response.status < 300;
        return done(response, ok ? null : { class: 'status', message: `HTTP ${response.status}` });
      } catch (error) {
        return done(null, classify(error, request.timeoutMs));
      }
    },
    close: () => agent.close(),
  };
}

/** Reads what is kept of a body, drains a little more, then cuts it: a body that never ends costs no more than that. */
async function readStart(body: Dispatcher.ResponseData['body']): Promise<Pick<HttpResponse, 'body' | 'truncated'>> {
  const chunks: Buffer[] = [];
  let size = 0;
  let cut = false;
  const timer = setTimeout(() => {
    cut = true;
    body.destroy();
  }, BODY_TIME_MS);
  // Cutting a body makes it fail; that is meant.
  body.on('error', () => undefined);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (size < KEPT_BODY_BYTES) chunks.push(chunk.subarray(0, KEPT_BODY_BYTES - size));
      size += chunk.length;
      if (size > KEPT_BODY_BYTES + DRAINED_BODY_BYTES) {
        cut = true;
        break;
      }
    }
  } catch {
    cut = true;
  } finally {
    clearTimeout(timer);
  }
  const text = Buffer.concat(chunks).toString('utf8').replaceAll('\u0000', '\ufffd');
  return { body: text, truncated: cut || size > KEPT_BODY_BYTES };
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = (Array.isArray(value) ? value.join(', ') : value).replaceAll('\u0000', '\ufffd');
  }
  return flat;
}

const DNS_CODES = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'ENODATA', 'ESERVFAIL', 'EAI_NONAME']);
const CONNECT_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE', 'ECONNABORTED', 'EADDRNOTAVAIL', 'UND_ERR_SOCKET']);
const TIMEOUT_CODES = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

function classify(error: unknown, timeoutMs: number): AttemptError {
  const failure = innermost(error);
  const { code = '', name = '' } = failure as { code?: string; name?: string };
  if (failure instanceof BlockedAddressError) return fault('blocked', failure.message);
  if (name === 'TimeoutError' || name === 'AbortError' || TIMEOUT_CODES.has(code)) return fault('timeout', `no response within ${timeoutMs / 1000} s`);
  if (DNS_CODES.has(code)) return fault('dns', `the host name does not resolve (${code})`);
  if (failure instanceof errors.HeadersOverflowError || code === 'HPE_HEADER_OVERFLOW') return fault('response-too-large', `response headers over ${MAX_HEADER_BYTES / 1024} KiB`);
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_OSSL)/.test(code) || code === 'EPROTO' || code === 'HOSTNAME_MISMATCH') {
    return fault('tls', `the TLS connection failed (${code})`);
  }
  if (CONNECT_CODES.has(code)) return fault('connect', connectMessage(code));
  if (code.startsWith('HPE_')) return fault('connect', `the response is not HTTP (${code})`);
  return fault('internal', `the request could not be made (${code || name || 'unknown'})`);
}

function connectMessage(code: string): string {
  if (code === 'ECONNREFUSED') return 'connection refused';
  if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return 'the connection was closed before a response';
  return `the connection failed (${code})`;
}

/** Several addresses that failed come as one error that holds them all; wrapped ones as causes. */
function innermost(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0]);
  const { cause } = (error ?? {}) as { cause?: unknown };
  return cause instanceof Error && (error as { code?: string }).code === undefined ? innermost(cause) : error;
}

function fault(errorClass: AttemptErrorClass, message: string): AttemptError {
  return { class: errorClass, message: message.slice(0, MAX_MESSAGE_LENGTH) };
}

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.
 *
 * @returns whole seconds from `now`, at least 0, or `undefined` where there is none or it is neither
 */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value.trim());
  // Date.parse takes many forms; the header has one that begins with the name of a day.
  if (!/^[A-Z][a-z]{2,8},? /.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now.getTime()) / 1000));
}
