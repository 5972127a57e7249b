import { isDeepStrictEqual } from 'node:util';
import { NO_PRIVATE_SETTINGS, type PrivateSettings, type StoredPrivateSettings } from '../../domain/private-settings';
import type { Sealed } from '../../domain/sealed';
import type { Sealer } from '../db/crypto';

/** Differs from the contexts of secrets and signing keys, so that none can be opened as another. */
export const privateSettingsContext = (subscriptionId: string) => `private settings of ${subscriptionId}`;

/** @returns null if nothing is set */
export function sealPrivateSettings(
  sealer: Sealer,
  subscriptionId: string,
  { headers, auth, tls }: PrivateSettings,
): Sealed | null {
  const settings: PrivateSettings = { headers, auth, tls };
  if (isDeepStrictEqual(settings, NO_PRIVATE_SETTINGS)) return null;
  return sealer.seal(JSON.stringify(settings), privateSettingsContext(subscriptionId));
}

/** @throws Error if the settings were sealed with another master key */
export function openPrivateSettings(
  sealer: Sealer,
  subscriptionId: string,
  { plainHeaders, sealed }: StoredPrivateSettings,
): PrivateSettings {
  const settings = sealed
    ? {
        ...NO_PRIVATE_SETTINGS,
        ...(JSON.parse(sealer.open(sealed, privateSettingsContext(subscriptionId))) as PrivateSettings),
      }
    : NO_PRIVATE_SETTINGS;
  return hasEntries(plainHeaders) ? { ...settings, headers: plainHeaders } : settings;
}

/** Whether a row holds private settings at all. */
export function hasPrivateSettings({ plainHeaders, sealed }: StoredPrivateSettings): boolean {
  return sealed !== null || hasEntries(plainHeaders);
}

function hasEntries(headers: Record<string, string>): boolean {
  for (const _ in headers) return true;
  return false;
}

/** A row of `subscriptions` with the columns of private settings. */
export interface PrivateSettingsRow {
  headers: Record<string, string>;
  private_settings: Buffer | null;
  private_settings_sealed_by: string | null;
}

export function storedPrivateSettingsOf(row: PrivateSettingsRow): StoredPrivateSettings {
  const { headers, private_settings: ciphertext, private_settings_sealed_by: keyId } = row;
  return { plainHeaders: headers, sealed: ciphertext && { ciphertext, keyId: keyId! } };
}
