import { Signpost, type SignpostOptions } from '../../sdk/src';

interface SentRequest {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: unknown;
}

/**
 * A `fetch` that answers as a test says, for responses that the real API does not give on demand.
 */
export interface ScriptedFetch {
  /** The requests so far. */
  requests: SentRequest[];
  /**
   * Responses of the next requests; `undefined` breaks the connection. After them every response is
   * `{}`.
   */
  responses: (Response | undefined)[];
  client(options?: Partial<SignpostOptions>): Signpost;
}

export function scriptedFetch(): ScriptedFetch {
  async function answer(url: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    init.signal?.throwIfAborted();
    const { method, headers, body } = init;
    scripted.requests.push({ url: String(url), method: method!, headers: headers as Record<string, string>, body });
    if (scripted.responses.length === 0) return Response.json({});
    const response = scripted.responses.shift();
    if (!response) throw new TypeError('fetch failed');
    return response;
  }
  const scripted: ScriptedFetch = {
    requests: [],
    responses: [],
    client: (options = {}) =>
      new Signpost({
        baseUrl: 'https://signpost.example',
        apiKey: 'the-key',
        retry: { firstDelayMs: 1, maxDelayMs: 1 },
        fetch: answer as typeof fetch,
        ...options,
      }),
  };
  return scripted;
}

export const problem = (status: number, code = 'scripted') =>
  Response.json({ code, title: 'T', detail: 'D' }, { status });
