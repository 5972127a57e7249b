import { randomBytes } from 'node:crypto';
import type { Challenger } from '../domain/challenge';
import { challengeResponse, equalInConstantTime } from '../domain/signing';
import { VERSION } from '../process/version';
import type { HttpClient, HttpResult } from './http-client';

const TIMEOUT_MS = 10_000;
const TOKEN_BYTES = 24;

/**
 * Challenges by HTTP: `GET <url>?crc_token=<random>` must be answered with 200 and
 * `{"response_token":"sha256=<base64 HMAC-SHA256(secret, crc_token)>"}` within 10 s.
 */
export function createChallenger(http: HttpClient): Challenger {
  return {
    async challenge(url, secrets) {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const result = await http.send({
        url: withToken(url, token),
        method: 'GET',
        headers: { accept: 'application/json', 'user-agent': `Signpost/${VERSION}` },
        timeoutMs: TIMEOUT_MS,
      });
      const fault = faultOf(result, token, secrets);
      return {
        verified: fault === undefined,
        responseStatus: result.response?.status ?? null,
        detail: fault ?? 'the answer proves the secret',
        durationMs: Math.round(result.durationMs),
      };
    },
  };
}

/** Adds the token as text: searchParams would write the URL's own query anew, and a receiver may care how it is written. */
function withToken(url: string, token: string): string {
  const target = new URL(url);
  target.search += `${target.search ? '&' : '?'}crc_token=${token}`;
  return target.toString();
}

function faultOf({ response, error }: HttpResult, token: string, secrets: readonly string[]): string | undefined {
  if (!response) return error?.message ?? 'no response';
  if (response.status !== 200) return `the status was ${response.status}, not 200`;
  if (response.truncated) return 'the body was too large or did not come to its end';
  const answer = parse(response.body);
  if (answer === undefined) return 'the body is not JSON';
  const given = (answer as { response_token?: unknown } | null)?.response_token;
  if (typeof given !== 'string') return 'the body has no text in response_token';
  // All are compared, whichever fits, so that the time tells nothing.
  const fits = secrets.map((secret) => equalInConstantTime(given, challengeResponse(secret, token))).includes(true);
  return fits ? undefined : 'response_token is not the HMAC-SHA256 of crc_token with the secret';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
