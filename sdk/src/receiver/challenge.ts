import { createHmac } from 'node:crypto';
import { VerificationError } from './errors.js';

/** As Signpost makes them. What is signed in deliveries always has another character, so no answer here can be passed off as a delivery's signature. */
const CRC_TOKEN = /^[\w-]{1,200}$/;

/**
 * The answer to a challenge (`GET <url>?crc_token=…`), which proves that the receiver has the secret: send it as JSON with status 200.
 *
 * @param secret - its text, with its prefix where it has one
 * @throws VerificationError where the token is none: anybody may call the URL, and must not get a text of their choice signed
 */
export function answerChallenge(crcToken: string, secret: string): { response_token: string } {
  if (!CRC_TOKEN.test(crcToken)) throw new VerificationError('crc_token is not a challenge of Signpost');
  return { response_token: `sha256=${createHmac('sha256', secret).update(crcToken).digest('base64')}` };
}
