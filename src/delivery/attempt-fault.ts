import { errors } from 'undici';
import type { AttemptError, AttemptErrorClass } from '../domain/types';
import { AbandonedError, BlockedAddressError, DeadlineError, NameLookupError, ProxyError, isNotHttp } from './errors';

const MAX_MESSAGE_LENGTH = 200;

const CONNECT_MESSAGES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed before a response',
  EPIPE: 'the connection was closed before a response',
  UND_ERR_SOCKET: 'the connection was closed before a response',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  EADDRNOTAVAIL: 'no local port or address is left to connect from',
  ECONNABORTED: 'the connection was aborted',
};
/** Connection timeouts of the operating system and of undici. */
const CONNECT_TIMEOUT_CODES = ['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'];
/** Error codes of OpenSSL's verification and of Node's TLS. */
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|EPROTO)/;

/**
 * Returns the class of an error and a short, stable message. The message is derived from the
 * error's code, so it cannot contain parts of the URL, headers or body.
 */
export function faultOf(error: unknown): AttemptError {
  const failure = innermost(error);
  const { code = '', syscall = '' } = failure as { code?: string; syscall?: string };
  if (failure instanceof BlockedAddressError) return fault('blocked', failure.message);
  if (failure instanceof DeadlineError) return fault('timeout', failure.message);
  if (failure instanceof AbandonedError) return fault('internal', failure.message);
  if (failure instanceof NameLookupError) return fault('dns', failure.message);
  if (failure instanceof ProxyError) return fault('connect', failure.message);
  if (syscall === 'getaddrinfo') return fault('dns', `the host name does not resolve (${code})`);
  if (CONNECT_TIMEOUT_CODES.includes(code)) return fault('timeout', 'the connection timed out');
  if (TLS_CODE.test(code)) return fault('tls', `the TLS connection failed (${code})`);
  if (failure instanceof errors.HeadersOverflowError) {
    return fault('response-too-large', 'the response headers are too large');
  }
  if (failure instanceof errors.SocketError && failure.message.startsWith('bad ')) {
    return fault('connect', 'the response was an unexpected interim response');
  }
  const connectMessage = CONNECT_MESSAGES[code];
  if (connectMessage) return fault('connect', connectMessage);
  if (isNotHttp(failure)) return fault('connect', 'the response is not valid HTTP');
  return fault('internal', `the request could not be made (${code || 'unknown'})`);
}

/** If all addresses of a host fail, the error contains the errors of each. */
function innermost(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? innermost(error.errors[0]) : error;
}

function fault(errorClass: AttemptErrorClass, message: string): AttemptError {
  return { class: errorClass, message: message.slice(0, MAX_MESSAGE_LENGTH) };
}
