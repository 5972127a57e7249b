import { createHmac } from 'node:crypto';

/**
 * The answer to a challenge (`GET <url>?crc_token=…`), which proves that the receiver has the secret: send it as JSON with status 200.
 *
 * @param secret - its text, with its prefix where it has one
 */
export function answerChallenge(crcToken: string, secret: string): { response_token: string } {
  return { response_token: `sha256=${createHmac('sha256', secret).update(crcToken).digest('base64')}` };
}
