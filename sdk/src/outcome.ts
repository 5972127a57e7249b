import { SignpostError } from './errors.js';

/** Statuses that speak of the moment and not of the request. */
const PASSING = new Set([429, 500, 502, 503, 504]);

/** An answer that was read to its end, so that nothing of it can fail any more. */
export interface Outcome {
  status: number;
  ok: boolean;
  /** Parsed JSON; `undefined` where the body is none. */
  body: unknown;
  retryAfter: string | null;
}

/** Reads an answer of any `fetch`, not only of Node's own. */
export async function outcomeOf(response: Response): Promise<Outcome> {
  const body = parsed(await response.text());
  return { status: response.status, ok: response.ok, body, retryAfter: response.headers.get('retry-after') };
}

/** Whether the same request may go well a little later. */
export function mayPass(status: number): boolean {
  return PASSING.has(status);
}

/** The problem that was answered; `unknown` where the answer is not one of Signpost's, as when a proxy gave it. */
export function problemOf({ status, body }: Outcome): SignpostError {
  const { code, title, detail, errors } = (body ?? {}) as Record<string, never>;
  if (typeof code === 'string') return new SignpostError(status, code, title ?? '', detail ?? '', errors ?? []);
  return new SignpostError(status, 'unknown', `HTTP ${status}`, `HTTP ${status} was answered, and no problem with it.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
