import { z } from 'zod';
import { CliError, EXIT } from './exit-codes';

const TIMEOUT_MS = 60_000;
const CLOSED_CODES = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/** A JSON object in a response of the API. */
export type Json = Record<string, unknown>;

export interface RequestOptions {
  /** Undefined values are omitted. */
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  idempotencyKey?: string;
}

/** HTTP client for the API. */
export interface Client {
  readonly url: string;
  /**
   * @param path - ids in it must already be URL-encoded
   * @returns the parsed body, or undefined if it is empty
   * @throws ApiError for a problem response; CliError with exit code `unreachable` otherwise
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

/** An error response of the service (RFC 9457). */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(readonly problem: Problem) {
    super(`${problem.title}: ${problem.detail}`);
  }

  /** Text for the terminal: the problem, then each invalid field on a line of its own. */
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
  mayRetry = method === 'GET',
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
      // Following a redirect could send the key to another host.
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
    // The service may close a kept-alive connection just as we reuse it. A GET is safe to repeat
    // (RFC 9112 §9.3.1).
    if (mayRetry && CLOSED_CODES.includes(cause?.code ?? '')) return send(method, url, apiKey, options, false);
    throw new CliError(
      EXIT.unreachable,
      `Cannot reach ${new URL(url).origin} (${cause?.code ?? cause?.message ?? message}). Check that Signpost is running there, or set --url or SIGNPOST_URL.`,
    );
  }
}

async function read(base: string, response: Response): Promise<unknown> {
  const text = await response.text();
  const body = parse(text);
  if (response.ok && (text === '' || body !== undefined)) return body;
  const parsed = problem.safeParse(body);
  if (parsed.success) throw new ApiError(parsed.data);
  throw new CliError(
    EXIT.unreachable,
    `${base} is not a Signpost service: its response (HTTP ${response.status}) has an unexpected format. Check --url or SIGNPOST_URL.`,
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
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value));
  return params.size === 0 ? '' : `?${params.toString()}`;
}

/** One page of a list. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

const MAX_PAGE = 200;

/** Reads the pages of a list, up to `limit` items. */
export async function* pagesOf<T = Json>(
  client: Client,
  path: string,
  query: NonNullable<RequestOptions['query']> = {},
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<Page<T>, void> {
  let left = limit;
  let cursor: string | null = null;
  do {
    const page: Page<T> = await client.request('GET', path, {
      query: { ...query, limit: Math.min(MAX_PAGE, left), cursor: cursor ?? undefined },
    });
    yield page;
    left -= page.items.length;
    cursor = page.nextCursor;
  } while (cursor !== null && left > 0);
}

/** Reads a list page by page, up to `limit` items. */
export async function list<T = Json>(
  client: Client,
  path: string,
  query: NonNullable<RequestOptions['query']> = {},
  limit = Number.POSITIVE_INFINITY,
): Promise<Page<T>> {
  const items: T[] = [];
  let nextCursor: string | null = null;
  for await (const page of pagesOf<T>(client, path, query, limit)) {
    items.push(...page.items);
    nextCursor = page.nextCursor;
  }
  return { items, nextCursor };
}

/** Gets one object. @returns undefined if it does not exist */
export async function find<T = Json>(client: Client, path: string): Promise<T | undefined> {
  try {
    return await client.request<T>('GET', path);
  } catch (error) {
    if (error instanceof ApiError && error.problem.code === 'not-found') return undefined;
    throw error;
  }
}
