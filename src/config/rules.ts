import { SETTINGS, type Settings } from './settings';
import { oidcFaults } from './sign-in-settings';

/** With fewer characters an admin key could be guessed. */
export const MIN_ADMIN_KEY_LENGTH = 24;
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;

/** Whether Postgres is embedded and nobody but this machine reaches the API: as on a laptop. */
export function isLocal({ DATABASE_URL: databaseUrl, SIGNPOST_HOST: host }: Settings): boolean {
  return databaseUrl === undefined && LOOPBACK_HOST.test(host);
}

/**
 * The rules between settings, for settings that are valid one by one.
 *
 * @param invalid - settings that already have a fault, which are not judged again
 * @returns one line for each broken rule
 */
export function brokenRules(settings: Settings, invalid: ReadonlySet<string>): string[] {
  const embedded = settings.DATABASE_URL === undefined;
  const faults: string[] = [];
  if (!embedded && settings.SIGNPOST_MASTER_KEY === undefined && !invalid.has('SIGNPOST_MASTER_KEY'))
    faults.push(
      `SIGNPOST_MASTER_KEY is not set, but required with DATABASE_URL: it must be ${SETTINGS.SIGNPOST_MASTER_KEY.expected}.`,
    );
  const { SIGNPOST_MASTER_KEY: masterKey, SIGNPOST_MASTER_KEY_PREVIOUS: previousKey } = settings;
  if (masterKey && previousKey?.equals(masterKey))
    faults.push('SIGNPOST_MASTER_KEY_PREVIOUS is the same key as SIGNPOST_MASTER_KEY: set the other one, or none.');
  if (!invalid.has('SIGNPOST_ADMIN_KEY')) faults.push(...adminKeyFaults(settings, embedded));
  if (settings.SIGNPOST_MIGRATION_DATABASE_URL !== undefined && embedded)
    faults.push('SIGNPOST_MIGRATION_DATABASE_URL is set, but DATABASE_URL is not: set both, or neither.');
  if (
    (settings.SIGNPOST_DEPLOYMENT_NAME === undefined) !== (settings.SIGNPOST_BUILD_ID === undefined) &&
    !invalid.has('SIGNPOST_DEPLOYMENT_NAME') &&
    !invalid.has('SIGNPOST_BUILD_ID')
  )
    faults.push('Only one of SIGNPOST_DEPLOYMENT_NAME and SIGNPOST_BUILD_ID is set: set both, or neither.');
  if ((settings.TEMPORAL_TLS_CLIENT_CERT_PATH === undefined) !== (settings.TEMPORAL_TLS_CLIENT_KEY_PATH === undefined))
    faults.push(
      'Only one of TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH is set: set both, or neither.',
    );
  faults.push(...oidcFaults(settings, invalid));
  return faults;
}

/**
 * An installation that others can reach, or whose data outlives the data directory, has a strong
 * admin key of its own. A worker has no API and needs none.
 */
function adminKeyFaults(settings: Settings, embedded: boolean): string[] {
  if (isLocal(settings)) return [];
  const { SIGNPOST_ADMIN_KEY: key, SIGNPOST_HOST: host, SIGNPOST_ROLE: role } = settings;
  const where = `with ${embedded ? `SIGNPOST_HOST=${host}` : 'DATABASE_URL'}`;
  const expected = `${MIN_ADMIN_KEY_LENGTH} or more printable ASCII characters without spaces (openssl rand -hex 24)`;
  if (key === undefined)
    return role === 'worker' ? [] : [`SIGNPOST_ADMIN_KEY is not set, but required ${where}: it must have ${expected}.`];
  return key.length < MIN_ADMIN_KEY_LENGTH
    ? [`SIGNPOST_ADMIN_KEY is too short ${where} (not shown): it must have ${expected}.`]
    : [];
}
