import { createHmac } from 'node:crypto';
import { VerificationError } from './errors.js';
import { requireSecret } from './secrets.js';

/**
 * The alphabet of Signpost's challenge tokens. The text signed in a delivery always contains
 * another character, so the response to a challenge cannot be reused as a delivery's signature.
 */
const CRC_TOKEN = /^[\w-]{1,200}$/;

/**
 * Response to a challenge (`GET <url>?crc_token=…`), which proves that the receiver knows the
 * secret. Send it as JSON with status 200 within 10 seconds.
 *
 * @param secret - the subscription's secret as text, including its `whsec_` prefix if it has one
 * @throws {@link VerificationError} if the token is not one of Signpost's: anybody may call the URL
 * and must not get a text of their choice signed
 * @example
 * ```ts
 * const token = new URL(request.url, 'http://receiver').searchParams.get('crc_token');
 * if (token !== null) return Response.json(answerChallenge(token, secret));
 * ```
 */
export function answerChallenge(crcToken: string, secret: string): { response_token: string } {
  if (!CRC_TOKEN.test(crcToken))
    throw new VerificationError('crc_token is not a challenge token of Signpost (1-200 of A-Z a-z 0-9 _ -).');
  const signature = createHmac('sha256', requireSecret(secret)).update(crcToken).digest('base64');
  return { response_token: `sha256=${signature}` };
}
