import { MIN_SECRET_LENGTH } from './mask';
import type { OAuth2Auth, PrivateSettings, ReceiverAuth, ReceiverTls } from './private-settings';
import { sha256 } from './sha256';

/** TLS credentials, and a value that no other credentials have. */
export interface TlsIdentity extends ReceiverTls {
  fingerprint: string;
}

/** What requests to a receiver carry besides their message. */
export interface ReceiverAccess {
  /** Headers of every request. */
  headers: Readonly<Record<string, string>>;
  /** Credentials that each request needs an access token of. */
  oauth2?: OAuth2Auth;
  tls?: TlsIdentity;
  /** The names of headers whose values no record of a request may contain. */
  privateNames: ReadonlySet<string>;
  /** Values that no record of a response may contain. */
  secrets: readonly string[];
}

export const NO_ACCESS: ReceiverAccess = { headers: {}, privateNames: new Set(), secrets: [] };

/** Headers that a subscription may set and that are no secrets. They are shown as sent. */
const SHOWN_HEADERS = ['accept', 'content-type', 'user-agent'];

/** Prepares private settings for requests. */
export function receiverAccessOf({ headers, auth, tls }: PrivateSettings): ReceiverAccess {
  const sent: Record<string, string> = {};
  const secrets = secretsOf(auth);
  const privateNames = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (SHOWN_HEADERS.includes(lower)) {
      // In lower case, it replaces the value that Signpost sets.
      sent[lower] = value;
    } else {
      sent[name] = value;
      privateNames.add(name);
      secrets.push(value);
    }
  }
  const authorization = authorizationOf(auth);
  if (authorization !== undefined) sent.authorization = authorization;
  return {
    headers: sent,
    oauth2: auth.type === 'oauth2' ? auth : undefined,
    tls: tls ? { ...tls, fingerprint: sha256(JSON.stringify(tls)).toString('base64') } : undefined,
    privateNames,
    secrets: secrets.filter(({ length }) => length >= MIN_SECRET_LENGTH),
  };
}

function authorizationOf(auth: ReceiverAuth): string | undefined {
  switch (auth.type) {
    case 'basic':
      return `Basic ${basicCredentials(auth)}`;
    case 'bearer':
      return `Bearer ${auth.token}`;
    case 'oauth2':
    case 'none':
      return undefined;
  }
}

/** RFC 7617 §2. */
function basicCredentials({ username, password }: { username: string; password: string }): string {
  return Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
}

function secretsOf(auth: ReceiverAuth): string[] {
  switch (auth.type) {
    case 'basic':
      return [auth.password, basicCredentials(auth)];
    case 'bearer':
      return [auth.token];
    case 'oauth2':
      return [auth.clientSecret];
    case 'none':
      return [];
  }
}
