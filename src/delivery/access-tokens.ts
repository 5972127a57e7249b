import { LRUCache } from 'lru-cache';
import {
  allowInsecureRequests,
  clientCredentialsGrantRequest,
  ClientSecretBasic,
  customFetch,
  processClientCredentialsResponse,
} from 'oauth4webapi';
import type { OAuth2Auth } from '../domain/private-settings';
import { sha256 } from '../domain/sha256';
import type { AttemptError } from '../domain/types';
import { within } from '../process/time-limit';
import type { HttpResult, Send, TokenOwner } from './messages';

const MAX_TOKENS = 10_000;
/** Timeout of a token request, which concurrent requests of a subscription share. */
const TOKEN_TIMEOUT_MS = 10_000;
/** A token is renewed this long before it expires, or after 90 % of a shorter life. */
const RENEW_BEFORE_SECONDS = 30;
/** Life of a token whose server does not name one. */
const DEFAULT_LIFE_SECONDS = 300;
/** Error codes of RFC 6749 §5.2 and RFC 8707. No other text of a server is shown. */
const ERROR_CODES = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'invalid_scope',
  'invalid_target',
  'unauthorized_client',
  'unsupported_grant_type',
]);

/** An access token, or why there is none. The message contains no secret. */
export type TokenResult = { token: string; error?: undefined } | { token?: undefined; error: AttemptError };

/**
 * Gets access tokens by OAuth 2.0 client credentials, through the client that checks addresses. A
 * token is kept until shortly before it expires. Concurrent requests of one subscription share one
 * token request.
 */
export class AccessTokens {
  private readonly tokens = new LRUCache<string, string>({ max: MAX_TOKENS });
  private readonly inFlight = new Map<string, Promise<TokenResult>>();

  constructor(private readonly send: Send) {}

  /**
   * @param customerId - the customer whose bounds the token request counts against
   * @param timeoutMs - how long this caller waits
   * @param refused - a token that the receiver has refused
   */
  get(
    { subscriptionId, auth }: TokenOwner,
    customerId: string | undefined,
    timeoutMs: number,
    refused?: string,
  ): Promise<TokenResult> {
    // Other settings have another key, so a change takes effect immediately.
    const key = `${subscriptionId} ${sha256(JSON.stringify(auth)).toString('base64')}`;
    const cached = this.tokens.get(key);
    if (cached !== undefined && cached !== refused) return Promise.resolve({ token: cached });
    let request = this.inFlight.get(key);
    if (!request) {
      request = this.request(key, auth, customerId).finally(() => this.inFlight.delete(key));
      this.inFlight.set(key, request);
    }
    return within(timeoutMs, request, () => timedOut(timeoutMs));
  }

  private async request(key: string, auth: OAuth2Auth, customerId: string | undefined): Promise<TokenResult> {
    const server = { issuer: auth.tokenUrl, token_endpoint: auth.tokenUrl };
    const client = { client_id: auth.clientId };
    const { scope, audience } = auth;
    let result: HttpResult | undefined;
    try {
      const response = await clientCredentialsGrantRequest(
        server,
        client,
        ClientSecretBasic(auth.clientSecret),
        { ...(scope !== undefined && { scope }), ...(audience !== undefined && { audience }) },
        {
          // The address guard and the URL allow-list decide whether plain HTTP is acceptable.
          [allowInsecureRequests]: true,
          [customFetch]: async (url, { headers, body }) => {
            result = await this.send({
              url,
              method: 'POST',
              headers,
              body: body.toString(),
              timeoutMs: TOKEN_TIMEOUT_MS,
              customerId,
            });
            return toResponse(result);
          },
        },
      );
      const granted = await processClientCredentialsResponse(server, client, response);
      if (granted.token_type !== 'bearer' || !/^[\x21-\x7e]+$/.test(granted.access_token))
        return {
          error: { class: 'status', message: 'no access token: the token server returned another kind of token' },
        };
      this.keep(key, granted.access_token, granted.expires_in ?? DEFAULT_LIFE_SECONDS);
      return { token: granted.access_token };
    } catch {
      return { error: faultOf(result) };
    }
  }

  private keep(key: string, token: string, lifeSeconds: number): void {
    const ttlMs = Math.floor(1000 * Math.max(lifeSeconds - RENEW_BEFORE_SECONDS, lifeSeconds * 0.9));
    if (ttlMs > 0) this.tokens.set(key, token, { ttl: ttlMs });
    else this.tokens.delete(key);
  }
}

/** @throws Error if there is no complete response */
function toResponse({ response }: HttpResult): Response {
  if (!response || response.bodyTruncated) throw new Error('no complete response');
  const { status, headers, body } = response;
  return new Response(body === '' ? null : body, { status, headers });
}

function faultOf(result: HttpResult | undefined): AttemptError {
  if (!result) return { class: 'internal', message: 'no access token: the token request could not be made' };
  const { response, error } = result;
  if (!response) return { class: error!.class, message: `no access token: ${error!.message}` };
  if (error) {
    const code = errorCodeOf(response.body);
    return { class: 'status', message: `no access token: the token server returned HTTP ${response.status}${code}` };
  }
  if (response.bodyTruncated)
    return { class: 'response-too-large', message: 'no access token: the response is too large or incomplete' };
  return { class: 'status', message: 'no access token: the response of the token server is not valid' };
}

function errorCodeOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return typeof error === 'string' && ERROR_CODES.has(error) ? ` (${error})` : '';
  } catch {
    return '';
  }
}

function timedOut(timeoutMs: number): TokenResult {
  const seconds = Math.round(timeoutMs / 100) / 10;
  return { error: { class: 'timeout', message: `no access token: no response within ${seconds} s` } };
}
