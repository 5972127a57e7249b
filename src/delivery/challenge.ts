import { randomBytes } from 'node:crypto';
import type { ChallengeSender } from '../domain/challenge';
import { challengeResponse, equalInConstantTime } from '../domain/signing';
import { VERSION } from '../process/version';
import type { HttpClient, HttpResult } from './http-client';

const TIMEOUT_MS = 10_000;
const TOKEN_BYTES = 24;

/**
 * Creates a sender of challenges: `GET <url>?crc_token=<random>`. The receiver must respond within
 * 10 s with 200 and `{"response_token":"sha256=<base64 HMAC-SHA256(secret, crc_token)>"}`.
 */
export function createChallengeSender(http: HttpClient): ChallengeSender {
  return {
    async challenge({ subscriptionId, url, secrets, access, customerId }) {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const result = await http.send({
        url: withToken(url, token),
        method: 'GET',
        headers: { accept: 'application/json', 'user-agent': `Signpost/${VERSION}`, ...access.headers },
        timeoutMs: TIMEOUT_MS,
        customerId,
        oauth2: access.oauth2 && { subscriptionId, auth: access.oauth2 },
        tls: access.tls,
      });
      const proof = proofOf(result, token, secrets);
      const secret = 'secret' in proof ? proof.secret : null;
      return {
        verified: secret !== null,
        secret,
        responseStatus: result.response?.status ?? null,
        detail: 'fault' in proof ? proof.fault : 'the response proves that the receiver knows the secret',
        durationMs: Math.round(result.durationMs),
      };
    },
  };
}

/**
 * Appends the token as text: searchParams would re-encode the URL's own query, which may matter to
 * a receiver.
 */
function withToken(url: string, token: string): string {
  const target = new URL(url);
  target.search += `${target.search ? '&' : '?'}crc_token=${token}`;
  return target.toString();
}

function proofOf(
  { response, error }: HttpResult,
  token: string,
  secrets: readonly string[],
): { secret: string } | { fault: string } {
  if (!response) return { fault: error?.message ?? 'no response' };
  if (response.status !== 200) return { fault: `the status was ${response.status}, not 200` };
  if (response.bodyTruncated) return { fault: 'the body was too large or incomplete' };
  const body = parse(response.body);
  if (body === undefined) return { fault: 'the body is not JSON' };
  const responseToken = (body as { response_token?: unknown } | null)?.response_token;
  if (typeof responseToken !== 'string') return { fault: 'the body has no string in response_token' };
  // Compares all secrets even after a match, so that the time reveals nothing.
  const [secret] = secrets.filter((each) => equalInConstantTime(responseToken, challengeResponse(each, token)));
  return secret === undefined
    ? { fault: 'response_token is not the HMAC-SHA256 of crc_token with the secret' }
    : { secret };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
