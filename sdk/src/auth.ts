import { mayPass, outcomeOf, type Outcome } from './outcome.js';
import { SignpostError } from './errors.js';

/** OAuth 2.0 client credentials. */
export interface OAuthCredentials {
  clientId: string;
  clientSecret: string;
  /** @default `<baseUrl>/oauth/token` */
  tokenUrl?: string;
}

/** The header that says who calls, or the answer that there is none for now. */
export type Signed = { headers: Record<string, string> } | { refused: Outcome };

/** Gives the header that says who calls. */
export interface Auth {
  sign(): Promise<Signed>;
  /** After a 401 to these headers: the next ones are to be new. @returns whether there can be any */
  forget(headers: Record<string, string>): boolean;
}

export function keyAuth(apiKey: string): Auth {
  const headers = { 'x-api-key': apiKey };
  return { sign: async () => ({ headers }), forget: () => false };
}

/** A token is used until shortly before its end, in seconds. */
const MARGIN_SECONDS = 30;

interface Token {
  headers: Record<string, string>;
  untilMs: number;
}

/**
 * Gets access tokens as they are needed; callers at the same time share one.
 *
 * @param send - makes one request, within its time
 */
export function oauthAuth(
  { clientId, clientSecret, tokenUrl }: OAuthCredentials & { tokenUrl: string },
  send: (url: string, init: RequestInit) => Promise<Response>,
): Auth {
  let current: Token | undefined;
  let asked: Promise<Token | Outcome> | undefined;

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
    const answer = (outcome.body ?? {}) as Record<string, unknown>;
    if (outcome.ok && typeof answer.access_token === 'string') {
      const lifeMs = (Number(answer.expires_in ?? 0) - MARGIN_SECONDS) * 1000;
      return { headers: { authorization: `Bearer ${answer.access_token}` }, untilMs: Date.now() + lifeMs };
    }
    if (mayPass(outcome.status)) return outcome;
    const { error = 'unknown', error_description: detail = 'the token endpoint gave none' } = answer;
    throw new SignpostError(outcome.status, String(error), 'No access token', String(detail));
  }

  return {
    async sign() {
      if (current && current.untilMs > Date.now()) return current;
      asked ??= fetchToken().finally(() => (asked = undefined));
      const got = await asked;
      if (!('headers' in got)) return { refused: got };
      current = got;
      return got;
    },
    forget(headers) {
      // Another caller may have got a new one meanwhile.
      if (current?.headers === headers) current = undefined;
      return true;
    },
  };
}
