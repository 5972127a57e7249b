import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyAuth, oauthAuth, type Auth, type OAuthCredentials } from './auth.js';
import { DEFAULT_RETRY, delayMs, type RetryOptions } from './backoff.js';
import { SignpostError, SignpostUnreachableError } from './errors.js';
import type { paths } from './openapi.js';
import type { Answer, Body, Method, PathParams, PathsWith, Query } from './types.js';

export interface SignpostOptions {
  /** Where Signpost is: `https://signpost.example.com`. */
  baseUrl: string;
  /** Either this or `oauth`. */
  apiKey?: string;
  oauth?: OAuthCredentials;
  /** How long one request may take, in milliseconds. @default 30000 */
  timeoutMs?: number;
  retry?: RetryOptions;
  /** Instead of Node's own. */
  fetch?: typeof fetch;
}

/** What a call takes beside its method and path. */
export interface CallOptions<P extends keyof paths, M extends Method> {
  params?: PathParams<P, M>;
  query?: Query<P, M>;
  body?: Body<P, M>;
  headers?: Record<string, string>;
  /** Names a POST, so that repeating it does nothing twice. @default a random one */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const RETRIED_STATUSES = new Set([429, 500, 502, 503, 504]);

/** Sends requests: authenticates them, repeats what may go well the next time, and has problems as errors. */
export class Transport {
  private readonly auth: Auth;
  private readonly retry: Required<RetryOptions>;
  private readonly send: typeof fetch;

  constructor(private readonly options: SignpostOptions) {
    const { baseUrl, apiKey, oauth } = options;
    if (!URL.canParse(baseUrl)) throw new TypeError('baseUrl must be an absolute URL.');
    this.send = options.fetch ?? fetch;
    if (apiKey !== undefined) this.auth = keyAuth(apiKey);
    else if (oauth) this.auth = oauthAuth({ tokenUrl: this.urlOf('/oauth/token'), ...oauth }, this.send);
    else throw new TypeError('Give apiKey or oauth.');
    this.retry = { ...DEFAULT_RETRY, ...options.retry };
  }

  /**
   * Makes a call. Repeated are 429, 5xx and what got no answer: every call of the API can be made again without doing something twice, since POSTs carry
   * an idempotency key.
   *
   * @returns the body of the answer
   * @throws SignpostError for a problem, SignpostUnreachableError where there was no answer
   */
  async request<M extends Method, P extends PathsWith<M> & keyof paths>(
    method: M,
    path: P,
    { params, query, body, headers, idempotencyKey, signal }: CallOptions<P, M> = {},
  ): Promise<Answer<P, M>> {
    const url = this.urlOf(withParams(path, params as Record<string, string> | undefined), query as object | undefined);
    const init: RequestInit = {
      method: method.toUpperCase(),
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'post' ? { 'idempotency-key': idempotencyKey ?? randomUUID() } : {}),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    };
    for (let retry = 0; ; retry++) {
      signal?.throwIfAborted();
      const outcome = await this.attempt(url, init, signal);
      if (outcome instanceof Response && outcome.ok)
        return (outcome.status === 204 ? undefined : await outcome.json()) as Answer<P, M>;
      const again = outcome instanceof Response ? this.mayGoWell(outcome.status) : true;
      if (!again || retry >= this.retry.retries) {
        throw outcome instanceof Response ? await problemOf(outcome) : outcome;
      }
      const retryAfter = outcome instanceof Response ? outcome.headers.get('retry-after') : null;
      // The body is to be read, or the connection could not be used again.
      if (outcome instanceof Response) await outcome.arrayBuffer().catch(() => undefined);
      await sleep(delayMs(retry, retryAfter, this.retry), undefined, { signal });
    }
  }

  private mayGoWell(status: number): boolean {
    return status === 401 ? this.auth.forget() : RETRIED_STATUSES.has(status);
  }

  private async attempt(url: string, init: RequestInit, signal: AbortSignal | undefined) {
    const timeout = AbortSignal.timeout(this.options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    try {
      const headers = { ...init.headers, ...(await this.auth.headers()) };
      return await this.send(url, { ...init, headers, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
    } catch (error) {
      if (error instanceof SignpostError) throw error;
      signal?.throwIfAborted();
      const why = timeout.aborted ? 'did not answer in time' : 'cannot be reached';
      return new SignpostUnreachableError(`Signpost at ${this.options.baseUrl} ${why}`, { cause: error });
    }
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
    if (value === undefined || value === '') throw new TypeError(`${path} needs ${name}.`);
    return encodeURIComponent(value);
  });
}

async function problemOf(response: Response): Promise<SignpostError> {
  const { status } = response;
  try {
    const { code, title, detail, errors } = (await response.json()) as Record<string, never>;
    return new SignpostError(status, code ?? 'unknown', title ?? '', detail ?? '', errors ?? []);
  } catch {
    return new SignpostError(
      status,
      'unknown',
      `HTTP ${status}`,
      `Signpost answered HTTP ${status} without a problem.`,
    );
  }
}
