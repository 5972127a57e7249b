import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { keyAuth, oauthAuth, type Auth, type OAuthCredentials } from './auth.js';
import { DEFAULT_RETRY, delayMs, type RetryOptions } from './backoff.js';
import { SignpostError, SignpostUnreachableError } from './errors.js';
import type { paths } from './openapi.js';
import { mayPass, outcomeOf, problemOf, type Outcome } from './outcome.js';
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
  /** Names a POST, so that repeating it creates nothing twice; `null` for none, where its body has an id that does so. @default a random one */
  idempotencyKey?: string | null;
  /** How long one request may take, in milliseconds. @default that of the client */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** A request as it is sent, once or several times. */
export interface Prepared {
  url: string;
  init: RequestInit & { headers: Record<string, string> };
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** Sends requests: authenticates them, repeats what may go well the next time, and has problems as errors. */
export class Transport {
  private readonly auth: Auth;
  private readonly retry: Required<RetryOptions>;
  private readonly fetch: typeof fetch;
  private readonly timeoutMs: number;

  constructor(private readonly options: SignpostOptions) {
    const { baseUrl, apiKey, oauth } = options;
    if (!URL.canParse(baseUrl)) throw new TypeError('baseUrl must be an absolute URL.');
    this.fetch = options.fetch ?? fetch;
    this.timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.retry = { ...DEFAULT_RETRY, ...options.retry };
    if (apiKey) this.auth = keyAuth(apiKey);
    else if (oauth)
      this.auth = oauthAuth({ tokenUrl: this.urlOf('/oauth/token'), ...oauth }, (url, init) => this.send(url, init));
    else throw new TypeError('Give apiKey or oauth.');
  }

  /**
   * Makes a call. Repeated are 429, 5xx and what got no answer. POSTs that create carry an idempotency key, so that a repeat creates nothing twice; the
   * other calls bring about a state, which a repeat does not change.
   *
   * @returns the body of the answer
   * @throws SignpostError for a problem, SignpostUnreachableError where there was no answer
   */
  async request<M extends Method, P extends PathsWith<M> & keyof paths>(
    method: M,
    path: P,
    options: CallOptions<P, M> = {},
  ): Promise<Answer<P, M>> {
    const prepared = this.prepare(method, path, options);
    // Whether an earlier request may have been taken, although nobody said so.
    let mayBeDone = false;
    let renewed = false;
    for (let retry = 0; ; retry++) {
      prepared.signal?.throwIfAborted();
      const outcome = await this.attempt(prepared, renewed);
      if (outcome === 'renew') {
        renewed = true;
        continue;
      }
      if (outcome instanceof SignpostUnreachableError) mayBeDone = true;
      else if (outcome.ok) return outcome.body as Answer<P, M>;
      else if (outcome.status === 404 && method === 'delete' && mayBeDone) return undefined as Answer<P, M>;
      else if (!mayPass(outcome.status)) throw problemOf(outcome);
      const isAnswer = !(outcome instanceof SignpostUnreachableError);
      const waitMs = delayMs(retry, isAnswer ? outcome.retryAfter : null, this.retry);
      if (waitMs === undefined) throw isAnswer ? problemOf(outcome) : outcome;
      await sleep(waitMs, undefined, { signal: prepared.signal });
    }
  }

  private prepare<M extends Method, P extends PathsWith<M> & keyof paths>(
    method: M,
    path: P,
    { params, query, body, headers, idempotencyKey, timeoutMs, signal }: CallOptions<P, M>,
  ): Prepared {
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
   * @returns `renew` where the credential was refused and another can be had, once
   */
  private async attempt(
    { url, init, timeoutMs, signal }: Prepared,
    renewed: boolean,
  ): Promise<Outcome | SignpostUnreachableError | 'renew'> {
    try {
      const signed = await this.auth.sign();
      if ('refused' in signed) return signed.refused;
      const headers = { ...init.headers, ...signed.headers };
      const outcome = await outcomeOf(await this.send(url, { ...init, headers }, timeoutMs, signal));
      if (outcome.status === 401 && !renewed && this.auth.forget(signed.headers)) return 'renew';
      // Neither Signpost nor a proxy that means well: what was asked is not known to be done.
      if (outcome.ok && outcome.status !== 204 && outcome.body === undefined) throw new Error('the answer is not JSON');
      return outcome;
    } catch (error) {
      if (error instanceof SignpostError) throw error;
      signal?.throwIfAborted();
      const why = (error as Error).name === 'TimeoutError' ? 'did not answer in time' : 'cannot be reached';
      return new SignpostUnreachableError(`Signpost at ${this.options.baseUrl} ${why}`, { cause: error });
    }
  }

  /** A redirect is an answer as any other: followed, it would carry the credential to where nobody said it may go. */
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
    if (value === undefined || value === '') throw new TypeError(`${path} needs ${name}.`);
    // A URL takes these for steps in its path, also where they are escaped.
    if (value === '.' || value === '..') throw new TypeError(`${name} cannot be ${value}.`);
    return encodeURIComponent(value);
  });
}
