import { SignpostError } from './errors.js';

/** OAuth 2.0 client credentials. */
export interface OAuthCredentials {
  clientId: string;
  clientSecret: string;
  /** @default `<baseUrl>/oauth/token` */
  tokenUrl?: string;
}

/** Gives the header that says who calls. */
export interface Auth {
  headers(): Promise<Record<string, string>>;
  /** After a 401: the next header is to be a new one. @returns whether there can be one */
  forget(): boolean;
}

export function keyAuth(apiKey: string): Auth {
  return { headers: async () => ({ 'x-api-key': apiKey }), forget: () => false };
}

/** A token is used until shortly before its end, in seconds. */
const MARGIN_SECONDS = 30;

/** Gets access tokens as they are needed; callers at the same time share one. */
export function oauthAuth(
  { clientId, clientSecret, tokenUrl }: OAuthCredentials & { tokenUrl: string },
  send: typeof fetch,
): Auth {
  let current: Promise<{ token: string; until: number }> | undefined;

  async function fetchToken() {
    const basic = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    const response = await send(tokenUrl, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(basic).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
    });
    const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
    if (!response.ok) {
      const { error = 'oauth', error_description: detail = 'no token was given' } = answer;
      throw new SignpostError(response.status, String(error), 'No access token', String(detail));
    }
    const lifeMs = (Number(answer.expires_in) - MARGIN_SECONDS) * 1000;
    return { token: String(answer.access_token), until: Date.now() + lifeMs };
  }

  return {
    async headers() {
      const asked = (current ??= fetchToken());
      const known = await asked.catch(() => undefined);
      // One of those who waited replaces what was none, or is none any more; the others take what that one gets.
      if ((!known || known.until <= Date.now()) && current === asked) current = known ? fetchToken() : undefined;
      return { authorization: `Bearer ${(await (current ?? asked)).token}` };
    },
    forget() {
      current = undefined;
      return true;
    },
  };
}
