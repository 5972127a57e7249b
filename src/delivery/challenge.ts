import { randomBytes } from 'node:crypto';
import { challengeResponse, equalInConstantTime } from '../domain/signing';
import { VERSION } from '../version';
import type { HttpClient, HttpResult } from './http-client';

const TIMEOUT_MS = 10_000;

/** What came of a challenge. */
export interface ChallengeOutcome {
  verified: boolean;
  responseStatus: number | null;
  /** In plain words, for the one who repairs the receiver. */
  detail: string;
  durationMs: number;
}

/** Sends challenges (CRC): only the owner of the URL and of the secret can answer. */
export interface Challenger {
  /** @param secrets - any of them may have been used for the answer; never throws for what the receiver does */
  challenge(url: string, secrets: readonly string[]): Promise<ChallengeOutcome>;
}

export function createChallenger(http: HttpClient): Challenger {
  return {
    async challenge(url, secrets) {
      const token = randomBytes(24).toString('base64url');
      const target = new URL(url);
      target.searchParams.append('crc_token', token);
      const result = await http.send({
        url: target.toString(),
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

function faultOf({ response, error }: HttpResult, token: string, secrets: readonly string[]): string | undefined {
  if (!response) return error?.message ?? 'no response';
  if (response.status !== 200) return `the status was ${response.status}, not 200`;
  if (response.truncated) return 'the body was too large or did not end';
  const answer = responseToken(response.body);
  if (answer === undefined) return 'the body is not JSON with a text in response_token';
  // All are compared, whichever fits, so that the time tells nothing.
  const fits = secrets.map((secret) => equalInConstantTime(answer, challengeResponse(secret, token))).includes(true);
  return fits ? undefined : 'response_token is not the HMAC-SHA256 of crc_token with the secret';
}

function responseToken(body: string): string | undefined {
  try {
    const { response_token: answer } = JSON.parse(body) as { response_token?: unknown };
    return typeof answer === 'string' ? answer : undefined;
  } catch {
    return undefined;
  }
}
