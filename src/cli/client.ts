import { z } from 'zod';
import { CliError, EXIT } from './exit-codes';

const TIMEOUT_MS = 60_000;
const CLOSED = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/** Any JSON object of the API. */
export type Json = Record<string, unknown>;

export interface RequestOptions {
  /** Absent values are left out. */
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  idempotencyKey?: string;
}

/** Calls the API. */
export interface Client {
  readonly url: string;
  /**
   * @param path - with its ids escaped
   * @returns the parsed body; `undefined` where there is none
   * @throws ApiError for a problem response; CliError unreachable
   */
  request<T = Json>(method: string, path: string, options?: RequestOptions): Promise<T>;
}

const problem = z.object({
  status: z.number(),
  code: z.string(),
  title: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.output<typeof problem>;

/** A problem that the service answered with. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(readonly problem: Problem) {
    super(`${problem.title}: ${problem.detail}`);
  }

  /** Lines for a person: what was refused, and each field that is wrong. */
  get lines(): string[] {
    const { title, detail, code, errors = [] } = this.problem;
    return [`${title}: ${detail} (${code})`, ...errors.map(({ path, message }) => `  ${path}: ${message}`)];
  }
}

export function createClient(url: string, apiKey: string): Client {
  const base = url.replace(/\/+$/, '');
  return {
    url: base,
    async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
      const response = await send(method, base + path + queryText(options.query), apiKey, options);
      return (await read(base, response)) as T;
    },
  };
}

async function send(
  method: string,
  url: string,
  apiKey: string,
  options: RequestOptions,
  again = method === 'GET',
): Promise<Response> {
  const { body, idempotencyKey } = options;
  try {
    return await fetch(url, {
      method,
      headers: {
        'x-api-key': apiKey,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      // A redirect would carry the key to where nobody said it may go.
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } };
    // A connection that was kept open may have been closed by the service just then; what only reads is sent again (RFC 9112 §9.3.1).
    if (again && CLOSED.includes(cause?.code ?? '')) return send(method, url, apiKey, options, false);
    throw new CliError(
      EXIT.unreachable,
      `${new URL(url).origin} cannot be reached (${cause?.code ?? message}): is Signpost running there? Set --url or SIGNPOST_URL.`,
    );
  }
}

async function read(base: string, response: Response): Promise<unknown> {
  const text = await response.text();
  const body = parse(text);
  if (response.ok && (text === '' || body !== undefined)) return body;
  const answered = problem.safeParse(body);
  if (answered.success) throw new ApiError(answered.data);
  throw new CliError(
    EXIT.unreachable,
    `${base} answered ${response.status} and not as Signpost does: look at --url or SIGNPOST_URL.`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function queryText(query: RequestOptions['query'] = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? '' : `?${given.toString()}`;
}

/** A page of a list. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

const MAX_PAGE = 200;

/** Reads a list page by page until it has `limit` items. */
export async function list<T = Json>(
  client: Client,
  path: string,
  query: NonNullable<RequestOptions['query']> = {},
  limit = Number.POSITIVE_INFINITY,
): Promise<Page<T>> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await client.request('GET', path, {
      query: { ...query, limit: Math.min(MAX_PAGE, limit - items.length), cursor: cursor ?? undefined },
    });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < limit);
  return { items, nextCursor: cursor };
}

/** The answer, or `undefined` where there is no such object. */
export async function find<T = Json>(client: Client, path: string): Promise<T | undefined> {
  try {
    return await client.request<T>('GET', path);
  } catch (error) {
    if (error instanceof ApiError && error.problem.code === 'not-found') return undefined;
    throw error;
  }
}
