import type { OAuth2Auth } from '../domain/private-settings';
import type { TlsIdentity } from '../domain/receiver-access';
import type { AttemptError, HttpMethod } from '../domain/types';
import type { ExchangeOptions, HttpResponse } from './exchange';

/** The credentials of a subscription at its token server. */
export interface TokenOwner {
  subscriptionId: string;
  auth: OAuth2Auth;
}

export interface HttpRequest extends ExchangeOptions {
  url: string;
  method: HttpMethod;
  headers: Record<string, string>;
  body?: string;
  /** The customer whose URL it is. Look-ups of its host name count against the customer's bound. */
  customerId?: string;
  /** Credentials whose access token is sent in the header Authorization. */
  oauth2?: TokenOwner;
  /** Credentials of the TLS connection, which no other credentials share. */
  tls?: TlsIdentity;
}

/** The result of a request. `error` is null only for a 2xx response. */
export interface HttpResult {
  startedAt: Date;
  finishedAt: Date;
  durationMs: number;
  response: HttpResponse | null;
  error: AttemptError | null;
  /** Set if the request was aborted by its signal before the receiver answered. */
  aborted?: true;
}

/**
 * Sends one request. Follows no redirects, and never throws because of the network or the receiver.
 */
export type Send = (request: HttpRequest) => Promise<HttpResult>;
