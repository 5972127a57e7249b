import { SignpostError } from './errors.js';

/** Statuses about the moment, not about the request. */
const RETRYABLE = new Set([429, 500, 502, 503, 504]);

/** A response whose body has been read to the end, so that reading it can no longer fail. */
export interface Outcome {
  status: number;
  ok: boolean;
  /** Parsed JSON; `undefined` if the body is not JSON. */
  body: unknown;
  retryAfter: string | null;
}

/** Reads the response of any `fetch` implementation, not only Node's own. */
export async function outcomeOf(response: Response): Promise<Outcome> {
  const body = parseJson(await response.text());
  return { status: response.status, ok: response.ok, body, retryAfter: response.headers.get('retry-after') };
}

/** Whether the same request may succeed a little later. */
export function isRetryable(status: number): boolean {
  return RETRYABLE.has(status);
}

/** The problem in a response; its code is `unknown` if the response is not one of Signpost's. */
export function problemOf({ status, body }: Outcome): SignpostError {
  const { code, title, detail, errors } = (body ?? {}) as Record<string, never>;
  if (typeof code === 'string') return new SignpostError(status, code, title ?? '', detail ?? '', errors ?? []);
  return new SignpostError(
    status,
    'unknown',
    `HTTP ${status}`,
    `The response (HTTP ${status}) is not one of Signpost's; check baseUrl and any proxy on the way.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
