/** A message that is not to be trusted. Answer 400 or 401, and do nothing of what it says. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError';
}
