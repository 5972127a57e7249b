import {
  Signpost,
  SignpostError,
  type FieldError,
  type ItemOf,
  type ListPath,
  type Query,
  type RetryOptions,
} from '@signpost/sdk';

const TIMEOUT_MS = 60_000;
/** A person waits for the command, so it gives up early. */
const RETRY: RetryOptions = { retries: 2, maxRetryAfterMs: 10_000 };

/** The client of the SDK, which makes every call of the command line. */
export type Client = Signpost;

/** A JSON object in a response of the API. */
export type Json = Record<string, unknown>;

/** @param retry - replaces the default, which gives up early */
export function createClient(baseUrl: string, apiKey: string, retry: RetryOptions = RETRY): Client {
  return new Signpost({ baseUrl, apiKey, timeoutMs: TIMEOUT_MS, retry });
}

/** An error response of the service (RFC 9457), for `--json`. */
export interface Problem {
  status: number;
  code: string;
  title: string;
  detail: string;
  errors?: readonly FieldError[];
}

export function problemOf({ status, code, title, detail, errors }: SignpostError): Problem {
  return { status, code, title, detail, ...(errors.length > 0 ? { errors } : {}) };
}

/** Text for the terminal: the problem, then each invalid field on a line of its own. */
export function linesOf({ title, detail, code, errors }: SignpostError): string[] {
  return [`${title}: ${detail} (${code})`, ...errors.map(({ path, message }) => `  ${path}: ${message}`)];
}

/** One page of a list. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

const MAX_PAGE = 200;

/** Reads the pages of a list, up to `limit` items. */
export async function* pagesOf<P extends ListPath>(
  client: Client,
  path: P,
  query?: Query<P, 'get'>,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<Page<ItemOf<P>>, void> {
  let left = limit;
  let cursor: string | null = null;
  do {
    const page = (await client.request('get', path, {
      query: { ...(query as object), limit: Math.min(MAX_PAGE, left), cursor: cursor ?? undefined } as never,
    })) as unknown as Page<ItemOf<P>>;
    yield page;
    left -= page.items.length;
    cursor = page.nextCursor;
  } while (cursor !== null && left > 0);
}

/** Reads a list page by page, up to `limit` items. */
export async function list<P extends ListPath>(
  client: Client,
  path: P,
  query?: Query<P, 'get'>,
  limit = Number.POSITIVE_INFINITY,
): Promise<Page<ItemOf<P>>> {
  const items: ItemOf<P>[] = [];
  let nextCursor: string | null = null;
  for await (const page of pagesOf(client, path, query, limit)) {
    items.push(...page.items);
    nextCursor = page.nextCursor;
  }
  return { items, nextCursor };
}

/** Waits for one object. @returns undefined if it does not exist */
export async function find<T>(got: Promise<T>): Promise<T | undefined> {
  try {
    return await got;
  } catch (error) {
    if (error instanceof SignpostError && error.code === 'not-found') return undefined;
    throw error;
  }
}
