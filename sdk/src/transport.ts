import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiKeyAuth, oauthAuth, type Auth, type OAuthCredentials } from './auth.js';
import { DEFAULT_RETRY, delayMs, type RetryOptions } from './backoff.js';
import { deepestCause, SignpostError, SignpostUnreachableError } from './errors.js';
import type { paths } from './openapi.js';
import { isRetryable, outcomeOf, problemOf, type Outcome } from './outcome.js';
import type { Method, PathParams, PathsWith, Query, RequestBody, ResponseBody } from './types.js';

/** Options of the `Signpost` client. Give either `apiKey` or `oauth`. */
export interface SignpostOptions {
  /** Where the API is, for example `https://signpost.example.com`. A path prefix is kept. */
  baseUrl: string;
  /** Sent as `X-API-Key`. Takes precedence over `oauth`. */
  apiKey?: string;
  /** Fetches access tokens with client credentials and renews them. */
  oauth?: OAuthCredentials;
  /**
   * Timeout of one request, in milliseconds. Each retry gets the full timeout.
   * @default 30000
   */
  timeoutMs?: number;
  /** Retries of 429, 5xx and missing responses. */
  retry?: RetryOptions;
  /**
   * Replacement for the global `fetch`, for example to add tracing or a proxy.
   * @default the global `fetch`
   */
  fetch?: typeof fetch;
}

/** Options of one call, typed by its path and method. */
export interface CallOptions<P extends keyof paths, M extends Method> {
  /** Values of the placeholders in the path. */
  params?: PathParams<P, M>;
  query?: Query<P, M>;
  /** Sent as JSON. */
  body?: RequestBody<P, M>;
  headers?: Record<string, string>;
  /**
   * `Idempotency-Key` of a POST, so that a retry creates nothing twice. `null` omits it, for bodies
   * that carry an id of their own. Ignored for other methods.
   * @default a random UUID
   */
  idempotencyKey?: string | null;
  /**
   * Timeout of one request, in milliseconds.
   * @default `timeoutMs` of the client
   */
  timeoutMs?: number;
  /** Aborts the request in flight and all retries. */
  signal?: AbortSignal;
}

/** A request that can be sent several times. */
interface PreparedRequest {
  url: string;
  init: RequestInit & { headers: Record<string, string> };
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Sends requests: authenticates them, retries what may succeed later, and turns problems into
 * errors.
 */
export class Transport {
  private readonly auth: Auth;
  private readonly retry: Required<RetryOptions>;
  private readonly fetch: typeof fetch;
  private readonly timeoutMs: number;
  private guard: (() => Promise<void>) | undefined;

  constructor(private readonly options: SignpostOptions) {
    const { baseUrl, apiKey, oauth } = options;
    if (!isUrl(baseUrl)) throw new TypeError(`baseUrl must be an absolute URL; got ${JSON.stringify(baseUrl)}.`);
    this.fetch = options.fetch ?? fetch;
    this.timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.retry = { ...DEFAULT_RETRY, ...options.retry };
    if (apiKey) this.auth = apiKeyAuth(apiKey);
    else if (oauth)
      this.auth = oauthAuth({ tokenUrl: this.urlOf('/oauth/token'), ...oauth }, (url, init) => this.send(url, init));
    else throw new TypeError('The options contain neither apiKey nor oauth; give one of them.');
  }

  /**
   * The same transport, which calls `guard` before each request and each retry. What it throws ends
   * the call.
   */
  guardedBy(guard: () => Promise<void>): Transport {
    const guarded = Object.create(this) as Transport;
    guarded.guard = guard;
    return guarded;
  }

  /**
   * Makes a call and retries 429, 5xx and missing responses. A POST carries an idempotency key, so
   * a retry creates nothing twice; the other methods set a state, which a retry does not change.
   *
   * @returns the response's body
   * @throws {@link SignpostError} if the response is a problem
   * @throws {@link SignpostUnreachableError} if there was no response
   * @throws TypeError if a path parameter is missing or would change the path
   */
  async request<M extends Method, P extends PathsWith<M> & keyof paths>(
    method: M,
    path: P,
    options: CallOptions<P, M> = {},
  ): Promise<ResponseBody<P, M>> {
    const prepared = this.prepare(method, path, options);
    // An earlier request got no response, or a 5xx, so it may have been processed.
    let mayBeDone = false;
    let renewed = false;
    for (let retry = 0; ; retry++) {
      prepared.signal?.throwIfAborted();
      await this.guard?.();
      const outcome = await this.attempt(prepared, renewed);
      if (outcome === 'renew') {
        renewed = true;
        continue;
      }
      if (outcome instanceof SignpostUnreachableError) mayBeDone = true;
      else if (outcome.ok) return outcome.body as ResponseBody<P, M>;
      else if (outcome.status === 404 && method === 'delete' && mayBeDone) return undefined as ResponseBody<P, M>;
      else if (!isRetryable(outcome.status)) throw problemOf(outcome);
      else if (outcome.status >= 500) mayBeDone = true;
      const isResponse = !(outcome instanceof SignpostUnreachableError);
      const waitMs = delayMs(retry, isResponse ? outcome.retryAfter : null, this.retry);
      if (waitMs === undefined) throw isResponse ? problemOf(outcome) : outcome;
      await sleep(waitMs, undefined, { signal: prepared.signal });
    }
  }

  /**
   * Opens a stream. Does not retry: the caller resumes it where it broke off.
   *
   * @param signal - ends the stream; also the only timeout
   * @returns the body, or the response if it is not a success
   * @throws {@link SignpostUnreachableError} if there was no response
   */
  async open<P extends PathsWith<'get'> & keyof paths>(
    path: P,
    options: { query: Query<P, 'get'>; headers: Record<string, string>; signal: AbortSignal },
    renewed = false,
  ): Promise<Outcome | { body: AsyncIterable<Uint8Array> }> {
    const { query, signal } = options;
    const auth = await this.auth.authenticate();
    if ('refused' in auth) return auth.refused;
    const { fetch } = this;
    try {
      const response = await fetch(this.urlOf(path, query as object), {
        headers: { ...options.headers, ...auth.headers },
        redirect: 'manual',
        signal,
      });
      const isStream = response.ok && response.headers.get('content-type')?.startsWith('text/event-stream');
      if (isStream && response.body) return { body: response.body as unknown as AsyncIterable<Uint8Array> };
      if (response.status !== 401 || renewed || !this.auth.invalidate(auth.headers)) return await outcomeOf(response);
      await response.body?.cancel();
    } catch (error) {
      signal.throwIfAborted();
      throw this.unreachable(error);
    }
    return this.open(path, options, true);
  }

  private prepare<M extends Method, P extends PathsWith<M> & keyof paths>(
    method: M,
    path: P,
    { params, query, body, headers, idempotencyKey, timeoutMs, signal }: CallOptions<P, M>,
  ): PreparedRequest {
    const key = method === 'post' && idempotencyKey !== null ? (idempotencyKey ?? randomUUID()) : undefined;
    return {
      url: this.urlOf(withParams(path, params as Record<string, string> | undefined), query as object | undefined),
      init: {
        method: method.toUpperCase(),
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      },
      timeoutMs: timeoutMs ?? this.timeoutMs,
      signal,
    };
  }

  /**
   * Sends a request once.
   *
   * @returns `renew` if the credential was refused and a new one can be fetched; at most once per
   * call
   */
  private async attempt(
    { url, init, timeoutMs, signal }: PreparedRequest,
    renewed: boolean,
  ): Promise<Outcome | SignpostUnreachableError | 'renew'> {
    try {
      const auth = await this.auth.authenticate();
      if ('refused' in auth) return auth.refused;
      const headers = { ...init.headers, ...auth.headers };
      const outcome = await outcomeOf(await this.send(url, { ...init, headers }, timeoutMs, signal));
      if (outcome.status === 401 && !renewed && this.auth.invalidate(auth.headers)) return 'renew';
      // Something between us and Signpost answered, so the request may not have been processed.
      if (outcome.ok && outcome.status !== 204 && outcome.body === undefined)
        throw new Error(`the response (HTTP ${outcome.status}) is not JSON`);
      return outcome;
    } catch (error) {
      if (error instanceof SignpostError) throw error;
      signal?.throwIfAborted();
      const isLate = (error as Error).name === 'TimeoutError';
      return this.unreachable(error, isLate ? `did not respond within ${timeoutMs} ms` : undefined);
    }
  }

  private unreachable(cause: unknown, why = `is unreachable: ${deepestCause(cause)}`): SignpostUnreachableError {
    return new SignpostUnreachableError(`Signpost at ${this.options.baseUrl} ${why}`, { cause });
  }

  /** Redirects are not followed: they would carry the credential to another host. */
  private send(url: string, init: RequestInit, timeoutMs = this.timeoutMs, signal?: AbortSignal): Promise<Response> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const { fetch } = this;
    return fetch(url, { ...init, redirect: 'manual', signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  }

  private urlOf(path: string, query: object = {}): string {
    const url = new URL(this.options.baseUrl.replace(/\/+$/, '') + path);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    return url.toString();
  }
}

function withParams(path: string, params: Record<string, string> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || value === '') throw new TypeError(`${path} needs a value for ${name}.`);
    // URL parsers resolve dot segments, even escaped ones, so the call would go to another path.
    if (value === '.' || value === '..') throw new TypeError(`${name} must not be ${JSON.stringify(value)}.`);
    return encodeURIComponent(value);
  });
}

/** Not by `URL.canParse`, which misreads some texts in Node 20. */
function isUrl(text: string): boolean {
  try {
    return Boolean(new URL(text));
  } catch {
    return false;
  }
}
