import { MASK } from './mask';
import type { Sealed } from './sealed';

/** How requests to a receiver authenticate. */
export type ReceiverAuth =
  { type: 'none' } | { type: 'basic'; username: string; password: string } | { type: 'bearer'; token: string };

/** Settings of a subscription that are sealed at rest. */
export interface PrivateSettings {
  headers: Record<string, string>;
  auth: ReceiverAuth;
}

/** Private settings as a row holds them. */
export interface StoredPrivateSettings {
  /** Headers that were written before headers were sealed. Unless empty, they win. */
  plainHeaders: Record<string, string>;
  sealed: Sealed | null;
}

export const NO_PRIVATE_SETTINGS: PrivateSettings = { headers: {}, auth: { type: 'none' } };

/** The field of each kind of authentication that is write-only. */
const SECRET_FIELD = { none: undefined, basic: 'password', bearer: 'token' } as const;

/**
 * Masks private settings for an answer. Secrets are masked for everybody, header values for readers
 * who may not change the subscription.
 */
export function maskPrivateSettings({ headers, auth }: PrivateSettings, mayChange: boolean): PrivateSettings {
  return {
    headers: mayChange ? headers : Object.fromEntries(Object.keys(headers).map((name) => [name, MASK])),
    auth: maskAuth(auth),
  };
}

function maskAuth(auth: ReceiverAuth): ReceiverAuth {
  const field = SECRET_FIELD[auth.type];
  return field === undefined ? auth : { ...auth, [field]: MASK };
}

/** A mask for which no value is stored. */
export interface EmptyMask {
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
): { settings: Partial<PrivateSettings>; errors: EmptyMask[] } {
  const errors: EmptyMask[] = [];
  const settings: Partial<PrivateSettings> = {};
  if (given.headers) settings.headers = unmaskHeaders(given.headers, stored.headers, errors);
  if (given.auth) settings.auth = unmaskAuth(given.auth, stored.auth, errors);
  return { settings, errors };
}

function unmaskHeaders(
  given: Record<string, string>,
  stored: Record<string, string>,
  errors: EmptyMask[],
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

const NOTHING_STORED = `${MASK} keeps a stored value, and there is none: send the value`;

function unmaskAuth(given: ReceiverAuth, stored: ReceiverAuth, errors: EmptyMask[]): ReceiverAuth {
  const field = SECRET_FIELD[given.type];
  if (field === undefined || fieldOf(given, field) !== MASK) return given;
  if (stored.type === given.type) return { ...given, [field]: fieldOf(stored, field) };
  errors.push({ path: ['auth', field], message: NOTHING_STORED });
  return given;
}

function fieldOf(auth: ReceiverAuth, field: string): string {
  return (auth as unknown as Record<string, string>)[field]!;
}
