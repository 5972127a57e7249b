import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';

/**
 * Why a person could not sign in. The sign-in page explains each:
 *
 * - `provider-unavailable`: the provider did not respond, or not as OpenID Connect has it.
 * - `denied`: the person or the provider refused.
 * - `expired`: the browser has no sign-in under way, or it took too long.
 * - `rejected`: the answer is not the provider's answer to this browser, or was used before.
 * - `no-role`: the person has no role in Signpost.
 */
export type SignInFailureReason = 'provider-unavailable' | 'denied' | 'expired' | 'rejected' | 'no-role';

/** A sign-in that failed. The cause is for the log and contains no token. */
export class SignInFailure extends Error {
  override readonly name = 'SignInFailure';

  constructor(
    readonly reason: SignInFailureReason,
    cause?: unknown,
  ) {
    super(`sign-in failed: ${reason}`, { cause });
  }
}

/** Errors of RFC 6749 §4.1.2.1 and §5.2 that say that the provider cannot serve anybody now. */
const OUTAGES = ['server_error', 'temporarily_unavailable'];
/** Responses that are not those of a provider, such as a proxy's page. */
const UNAVAILABLE_CODES = ['OAUTH_RESPONSE_IS_NOT_JSON', 'OAUTH_PARSE_ERROR'];
/** Names of the errors that `fetch` throws if there is no connection, or no response in time. */
const NETWORK_ERRORS = ['TypeError', 'TimeoutError', 'AbortError'];

/** @returns the failure that an error of `openid-client` stands for */
export function failureOf(error: unknown): SignInFailure {
  if (error instanceof SignInFailure) return error;
  if (error instanceof AuthorizationResponseError)
    return new SignInFailure(OUTAGES.includes(error.error) ? 'provider-unavailable' : 'denied', error);
  if (error instanceof ResponseBodyError)
    return new SignInFailure(error.status >= 500 ? 'provider-unavailable' : 'rejected', error);
  const isUnavailable =
    isNetworkError(error) ||
    (error instanceof ClientError &&
      (UNAVAILABLE_CODES.includes(error.code ?? '') || isNetworkError(error.cause) || isServerError(error.cause)));
  return new SignInFailure(isUnavailable ? 'provider-unavailable' : 'rejected', error);
}

const isNetworkError = (error: unknown): boolean => NETWORK_ERRORS.includes((error as Partial<Error>)?.name ?? '');

/** The cause of an unexpected status is the response. */
const isServerError = (cause: unknown): boolean => cause instanceof Response && cause.status >= 500;

/** Describes a failure for the log: codes and messages, never a response, which may hold tokens. */
export function describeFailure({ reason, cause }: SignInFailure): Record<string, string> {
  if (!(cause instanceof Error)) return { reason };
  const { code, error } = cause as { code?: unknown; error?: unknown };
  return {
    reason,
    cause: cause.message,
    ...(typeof code === 'string' && { code }),
    ...(typeof error === 'string' && { error }),
  };
}
