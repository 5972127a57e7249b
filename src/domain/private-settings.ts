import { isSameUrl } from './canonical-url';
import { MASK, maskMembers, maskQuery } from './mask';
import type { Sealed } from './sealed';
import { unmaskQuery } from './unmask';

/** How requests to a receiver authenticate. */
export type ReceiverAuth =
  | { type: 'none' }
  | { type: 'basic'; username: string; password: string }
  | { type: 'bearer'; token: string }
  | OAuth2Auth;

/** OAuth 2.0 client credentials (RFC 6749 §4.4). */
export interface OAuth2Auth {
  type: 'oauth2';
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  scope?: string;
  audience?: string;
}

/** Credentials of TLS connections to a receiver, as PEM. */
export interface ReceiverTls {
  clientCertificate?: string;
  clientKey?: string;
  /** The only authorities that are trusted. @default those of the process */
  caCertificate?: string;
}

/** Settings of a subscription that are sealed at rest. */
export interface PrivateSettings {
  headers: Record<string, string>;
  auth: ReceiverAuth;
  tls: ReceiverTls | null;
}

/** Private settings as a row holds them. */
export interface StoredPrivateSettings {
  /** Headers that were written before headers were sealed. Unless empty, they win. */
  plainHeaders: Record<string, string>;
  sealed: Sealed | null;
}

export const NO_PRIVATE_SETTINGS: PrivateSettings = { headers: {}, auth: { type: 'none' }, tls: null };

/** The field of each kind of authentication that is write-only. */
const SECRET_FIELD = { none: undefined, basic: 'password', bearer: 'token', oauth2: 'clientSecret' } as const;

/**
 * Masks private settings for an answer. Secrets are masked for everybody, header values for readers
 * who may not change the subscription.
 */
export function maskPrivateSettings({ headers, auth, tls }: PrivateSettings, mayChange: boolean): PrivateSettings {
  return {
    headers: mayChange ? headers : maskMembers(headers),
    auth: maskAuth(auth, mayChange),
    tls: tls?.clientKey === undefined ? tls : { ...tls, clientKey: MASK },
  };
}

function maskAuth(auth: ReceiverAuth, mayChange: boolean): ReceiverAuth {
  const field = SECRET_FIELD[auth.type];
  if (field === undefined) return auth;
  const masked = { ...auth, [field]: MASK };
  return masked.type === 'oauth2' && !mayChange ? { ...masked, tokenUrl: maskQuery(masked.tokenUrl) } : masked;
}

/** A mask for which no value is stored. */
export interface UnfoundedMask {
  /** Path of the field in the settings. */
  path: string[];
  message: string;
}

/**
 * Replaces the masks in given settings by the stored values that they stand for.
 *
 * @returns the settings, and an error for each mask that stands for nothing
 */
export function unmaskPrivateSettings(
  given: Partial<PrivateSettings>,
  stored: PrivateSettings,
): { settings: Partial<PrivateSettings>; errors: UnfoundedMask[] } {
  const errors: UnfoundedMask[] = [];
  const settings: Partial<PrivateSettings> = {};
  if (given.headers) settings.headers = unmaskHeaders(given.headers, stored.headers, errors);
  if (given.auth) settings.auth = unmaskAuth(given.auth, stored.auth, errors);
  if (given.tls !== undefined) settings.tls = unmaskTls(given.tls, stored.tls, errors);
  return { settings, errors };
}

function unmaskHeaders(
  given: Record<string, string>,
  stored: Record<string, string>,
  errors: UnfoundedMask[],
): Record<string, string> {
  const known = new Map(Object.entries(stored).map(([name, value]) => [name.toLowerCase(), value]));
  const unmasked = Object.entries(given).map(([name, value]) => {
    if (value !== MASK) return [name, value];
    const kept = known.get(name.toLowerCase());
    if (kept === undefined) errors.push({ path: ['headers', name], message: NOTHING_STORED });
    return [name, kept ?? MASK];
  });
  return Object.fromEntries(unmasked) as Record<string, string>;
}

/** The message about a mask that stands for nothing. */
export const NOTHING_STORED = `${MASK} keeps a stored value, and there is none: send the value`;

function unmaskAuth(sent: ReceiverAuth, stored: ReceiverAuth, errors: UnfoundedMask[]): ReceiverAuth {
  const given = unmaskTokenUrl(sent, stored, errors);
  const field = SECRET_FIELD[given.type];
  if (field === undefined || fieldOf(given, field) !== MASK) return given;
  if (stored.type !== given.type) {
    errors.push({ path: ['auth', field], message: NOTHING_STORED });
    return given;
  }
  // Otherwise a new token URL would get the secret from somebody who does not know it.
  if (!isSameUrl(tokenUrlOf(stored) ?? '', tokenUrlOf(given) ?? ''))
    errors.push({ path: ['auth', field], message: 'must be sent again with a new tokenUrl' });
  return { ...given, [field]: fieldOf(stored, field) };
}

function unmaskTokenUrl(given: ReceiverAuth, stored: ReceiverAuth, errors: UnfoundedMask[]): ReceiverAuth {
  if (given.type !== 'oauth2') return given;
  const { url, unfounded } = unmaskQuery(given.tokenUrl, tokenUrlOf(stored));
  if (unfounded.length > 0) errors.push({ path: ['auth', 'tokenUrl'], message: NOTHING_STORED });
  return { ...given, tokenUrl: url };
}

function unmaskTls(given: ReceiverTls | null, stored: ReceiverTls | null, errors: UnfoundedMask[]): ReceiverTls | null {
  if (given?.clientKey !== MASK) return given;
  if (stored?.clientKey !== undefined) return { ...given, clientKey: stored.clientKey };
  errors.push({ path: ['tls', 'clientKey'], message: NOTHING_STORED });
  return given;
}

/** The URL that gets the secret of OAuth 2; undefined for other kinds of authentication. */
export function tokenUrlOf(auth: ReceiverAuth): string | undefined {
  return auth.type === 'oauth2' ? auth.tokenUrl : undefined;
}

function fieldOf(auth: ReceiverAuth, field: string): string {
  return (auth as unknown as Record<string, string>)[field]!;
}
