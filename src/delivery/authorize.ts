import { maskResponse } from '../domain/mask';
import { AccessTokens } from './access-tokens';
import type { HttpRequest, HttpResult, Send, TokenOwner } from './messages';

/** Minimum time for a request, however long the token took. */
const MIN_SEND_MS = 1000;
const UNAUTHORIZED = 401;

/**
 * Adds access tokens to the requests that need one. A token that the receiver refuses is renewed
 * once, within the time of the same request.
 */
export function authorizing(send: Send): Send {
  const tokens = new AccessTokens(send);

  async function sendAuthorized(request: HttpRequest, owner: TokenOwner): Promise<HttpResult> {
    const { customerId, timeoutMs } = request;
    const startedAt = new Date();
    const started = performance.now();
    const leftMs = () => timeoutMs - (performance.now() - started);
    const ending = (result: Pick<HttpResult, 'response' | 'error' | 'aborted'>): HttpResult => {
      const durationMs = performance.now() - started;
      return { ...result, startedAt, finishedAt: new Date(startedAt.getTime() + durationMs), durationMs };
    };
    const sendWith = async (token: string): Promise<HttpResult> => {
      const headers = { ...request.headers, authorization: `Bearer ${token}` };
      const left = Math.max(MIN_SEND_MS, leftMs());
      return ending(withoutToken(await send({ ...request, headers, oauth2: undefined, timeoutMs: left }), token));
    };

    const { token, error } = await tokens.get(owner, customerId, timeoutMs);
    if (error) return ending({ response: null, error });
    const result = await sendWith(token);
    if (result.response?.status !== UNAUTHORIZED || leftMs() < MIN_SEND_MS) return result;
    const renewed = await tokens.get(owner, customerId, leftMs(), token);
    // Without another token in time, the refusal is the outcome.
    if (renewed.error || renewed.token === token || leftMs() < MIN_SEND_MS) return result;
    return sendWith(renewed.token);
  }

  return (request) => (request.oauth2 ? sendAuthorized(request, request.oauth2) : send(request));
}

/** Masks the token in a response that echoes it. */
function withoutToken(result: HttpResult, token: string): HttpResult {
  const { response } = result;
  return response ? { ...result, response: maskResponse(response, [token]) } : result;
}
