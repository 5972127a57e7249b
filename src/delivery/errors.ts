import { errors } from 'undici';

const NOT_HTTP = [errors.HTTPParserError, errors.ResponseContentLengthMismatchError];

/** Whether undici refused a response because it breaks the protocol. */
export function isNotHttp(error: unknown): boolean {
  return NOT_HTTP.some((kind) => error instanceof kind);
}

/**
 * Deliveries may not go to a URL. The message names its host or port, and nothing else of the URL.
 */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
}

/** The deadline of a request passed before the headers of its response arrived. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** The caller aborted the request, or the client is closed. */
export class AbandonedError extends Error {
  override readonly name = 'AbandonedError';
}

/** A host name has no address, or none was found in time. */
export class NameLookupError extends Error {
  override readonly name = 'NameLookupError';

  /** @param error - an error of c-ares */
  static of({ code = 'unknown' }: NodeJS.ErrnoException): NameLookupError {
    return new NameLookupError(
      code === 'ETIMEOUT' ? `the name servers did not answer (${code})` : `the host name does not resolve (${code})`,
    );
  }
}

/** The egress proxy is unreachable, or opened no connection. The message names no host. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
}

/** A connection that was reused was closed before the first byte of the response. */
export class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
}
