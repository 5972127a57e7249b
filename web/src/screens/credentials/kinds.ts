import { t } from '@lingui/core/macro';
import type { ApiKey, OAuthClient } from '../../api/types';

export type Kind = 'keys' | 'clients';
export type Credential = ApiKey | OAuthClient;

/** Labels and API paths of the two kinds of credentials. */
export const KINDS = {
  keys: {
    one: t`API key`,
    path: '/v1/api-keys',
    empty: t`No API keys yet`,
    note: t`The admin key from the configuration is not listed here.`,
  },
  clients: { one: t`OAuth client`, path: '/v1/oauth-clients', empty: t`No OAuth clients yet`, note: undefined },
} as const;

export const idOf = (credential: Credential): string =>
  'clientId' in credential ? credential.clientId : credential.id;

/** Returns the parts of a new credential, and a command that uses it. */
export function usageOf(created: Credential, url: string): { label: string; text: string }[] {
  if ('clientId' in created) {
    return [
      { label: t`Client ID`, text: created.clientId },
      { label: t`Client secret`, text: created.clientSecret ?? '' },
      {
        label: t`Get a token`,
        text: `curl -u '${created.clientId}:${created.clientSecret}' -d grant_type=client_credentials ${url}/oauth/token`,
      },
    ];
  }
  return [
    { label: t`API key`, text: created.key ?? '' },
    { label: t`Try it`, text: `curl -H 'X-API-Key: ${created.key}' ${url}/v1/event-types` },
  ];
}
