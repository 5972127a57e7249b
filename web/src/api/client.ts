import { ProblemError } from './problem';

type Query = Record<string, string | number | boolean | null | undefined>;

let csrfToken: string | undefined;
let onSignedOut: () => void = () => undefined;

/**
 * Sent with every request that changes something. A foreign page can make the browser send the
 * cookie, but cannot know the token.
 */
export function setCsrfToken(token: string | undefined): void {
  csrfToken = token;
}

/** Registers a listener for a 401, which means that the session has ended. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
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
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET' && csrfToken !== undefined) headers['x-csrf-token'] = csrfToken;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ProblemError(0, 'unreachable', 'Cannot reach Signpost', 'Cannot reach Signpost. Try again in a moment.');
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  const problem = await problemOf(response);
  if (problem.status === 401 && path !== '/v1/session') onSignedOut();
  throw problem;
}

async function problemOf(response: Response): Promise<ProblemError> {
  try {
    const { code, title, detail, errors } = await response.json();
    return new ProblemError(response.status, code, title, detail, errors);
  } catch {
    return new ProblemError(
      response.status,
      'unknown',
      `HTTP ${response.status}`,
      `The server responded with HTTP ${response.status}.`,
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
