import { SignpostError } from './errors.js';
import { isRetryable, outcomeOf, type Outcome } from './outcome.js';

/** Credentials of an OAuth 2.0 client (client credentials grant, RFC 6749 §4.4). */
export interface OAuthCredentials {
  clientId: string;
  clientSecret: string;
  /**
   * Token endpoint.
   * @default `<baseUrl>/oauth/token`
   */
  tokenUrl?: string;
}

/** The credential headers, or the token endpoint's response if no token is available right now. */
export type AuthResult = { headers: Record<string, string> } | { refused: Outcome };

/** Authenticates requests. */
export interface Auth {
  authenticate(): Promise<AuthResult>;
  /**
   * Discards a credential that the API answered with 401.
   *
   * @param headers - the headers that were refused
   * @returns whether a new credential can be fetched
   */
  invalidate(headers: Record<string, string>): boolean;
}

export function apiKeyAuth(apiKey: string): Auth {
  const headers = { 'x-api-key': apiKey };
  return { authenticate: async () => ({ headers }), invalidate: () => false };
}

/**
 * A token is replaced this many seconds before it expires, so that it does not expire in flight.
 */
const EXPIRY_MARGIN_SECONDS = 30;

interface Token {
  headers: Record<string, string>;
  usableUntilMs: number;
}

/**
 * Fetches access tokens when they are needed. Concurrent callers share one token request.
 *
 * @param send - sends one request, with a timeout
 */
export function oauthAuth(
  { clientId, clientSecret, tokenUrl }: OAuthCredentials & { tokenUrl: string },
  send: (url: string, init: RequestInit) => Promise<Response>,
): Auth {
  let current: Token | undefined;
  let pending: Promise<Token | Outcome> | undefined;

  async function fetchToken(): Promise<Token | Outcome> {
    const basic = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    const outcome = await outcomeOf(
      await send(tokenUrl, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(basic).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: 'grant_type=client_credentials',
      }),
    );
    const body = (outcome.body ?? {}) as Record<string, unknown>;
    if (outcome.ok && typeof body.access_token === 'string') {
      const usableMs = (Number(body.expires_in ?? 0) - EXPIRY_MARGIN_SECONDS) * 1000;
      return { headers: { authorization: `Bearer ${body.access_token}` }, usableUntilMs: Date.now() + usableMs };
    }
    if (isRetryable(outcome.status)) return outcome;
    const { error = 'unknown', error_description: detail = `${tokenUrl} returned no access_token.` } = body;
    throw new SignpostError(outcome.status, String(error), 'No access token', String(detail));
  }

  return {
    async authenticate() {
      if (current && current.usableUntilMs > Date.now()) return current;
      pending ??= fetchToken().finally(() => (pending = undefined));
      const fetched = await pending;
      if (!('headers' in fetched)) return { refused: fetched };
      current = fetched;
      return fetched;
    },
    invalidate(headers) {
      // Another caller may have fetched a new token in the meantime; keep that one.
      if (current?.headers === headers) current = undefined;
      return true;
    },
  };
}
