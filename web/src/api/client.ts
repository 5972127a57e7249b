import { t } from '@lingui/core/macro';
import { isAttended } from './attendance';
import { noteResult } from './connection';
import { formatJson, parseJson } from './exact-json';
import { inPortal } from './portal';
import { ProblemError } from './problem';

type Query = Record<string, string | number | boolean | null | undefined>;

let csrfToken: string | undefined;
let onSignedOut: () => void = () => undefined;
/** No call can succeed until somebody signs in, and failed ones would count as attempts at that. */
let ended = false;
let askForSignIn: () => Promise<boolean> = async () => false;
/** Calls that need it at the same time share one question. */
let reauthentication: Promise<boolean> | undefined;

/**
 * Sent with every request that changes something. A foreign page can make the browser send the
 * cookie, but cannot know the token.
 */
export function setCsrfToken(token: string | undefined): void {
  csrfToken = token;
  ended = false;
}

/** Registers a listener for a 401, which means that the session has ended. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/**
 * Registers how to ask for another sign-in, for calls that need a recent one.
 *
 * @param ask - resolves to whether the person signed in, so that the call is worth repeating
 */
export function whenReauthenticationNeeded(ask: () => Promise<boolean>): void {
  askForSignIn = ask;
}

/** Builds a path with encoded parts: at`/v1/subscriptions/${id}`. */
export function at(parts: TemplateStringsArray, ...values: string[]): string {
  return parts.reduce((path, part, index) => path + encodeURIComponent(values[index - 1]!) + part);
}

/** Adds a query string to a path, leaving out empty values. */
export function withQuery(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  return search.size > 0 ? `${path}?${search}` : path;
}

/**
 * Calls the API with the session cookie.
 *
 * @throws ProblemError for any status other than 2xx, and if there is no response
 */
async function call<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  try {
    return await callOnce<T>(method, path, body, signal);
  } catch (error) {
    if (!(error instanceof ProblemError && error.code === 'reauthentication-required')) throw error;
    reauthentication ??= askForSignIn().finally(() => (reauthentication = undefined));
    if (!(await reauthentication)) throw error;
    return callOnce<T>(method, path, body, signal);
  }
}

async function callOnce<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const signsIn = path === '/v1/session' || path === '/v1/session/methods';
  if (ended && !signsIn) throw sessionEnded();
  const headers: Record<string, string> = { accept: 'application/json' };
  if (inPortal) headers['x-signpost-portal'] = 'true';
  if (!isAttended()) headers['x-signpost-unattended'] = 'true';
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET' && csrfToken !== undefined) headers['x-csrf-token'] = csrfToken;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : formatJson(body),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    noteResult(0);
    throw new ProblemError(
      0,
      'unreachable',
      t`Cannot reach Signpost`,
      t`Cannot reach Signpost. Try again in a moment.`,
    );
  }
  noteResult(response.status);
  if (response.ok) return (response.status === 204 ? undefined : parseJson(await response.text())) as T;
  const problem = await problemOf(response);
  if (problem.status === 401 && !signsIn) {
    ended = true;
    onSignedOut();
    throw sessionEnded();
  }
  throw problem;
}

const sessionEnded = () =>
  new ProblemError(401, 'session-ended', t`The session has ended`, t`Your session has ended. Sign in, then try again.`);

async function problemOf(response: Response): Promise<ProblemError> {
  try {
    const { code, title, detail, errors } = await response.json();
    return new ProblemError(response.status, code, title, detail, errors);
  } catch {
    return new ProblemError(
      response.status,
      'unknown',
      `HTTP ${response.status}`,
      t`The server responded with HTTP ${response.status}.`,
    );
  }
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) =>
    call<T>('GET', withQuery(path, query), undefined, signal),
  post: <T = void>(path: string, body: unknown = {}) => call<T>('POST', path, body),
  put: <T = void>(path: string, body: unknown) => call<T>('PUT', path, body),
  patch: <T = void>(path: string, body: unknown) => call<T>('PATCH', path, body),
  delete: (path: string) => call<void>('DELETE', path),
};
