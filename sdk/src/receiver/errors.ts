/**
 * A message could not be verified: its signature, timestamp, token or secret is missing or wrong.
 * Respond with 401 and do not process it.
 */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
}
