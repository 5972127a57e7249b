import type { ApiKey, OAuthClient } from '../../api/types';

export type Kind = 'keys' | 'clients';
export type Credential = ApiKey | OAuthClient;

/** What the two kinds of credentials are called, and where they are. */
export const KINDS = {
  keys: { one: 'API key', path: '/v1/api-keys', empty: 'There are no keys but the one of the configuration.' },
  clients: { one: 'OAuth client', path: '/v1/oauth-clients', empty: 'There are no OAuth clients.' },
} as const;

export const idOf = (credential: Credential): string =>
  'clientId' in credential ? credential.clientId : credential.id;

/** How a new credential is used. */
export function usageOf(made: Credential, url: string): { label: string; text: string }[] {
  if ('clientId' in made) {
    return [
      { label: 'Client id', text: made.clientId },
      { label: 'Client secret', text: made.clientSecret ?? '' },
      {
        label: 'To get a token',
        text: `curl -u '${made.clientId}:${made.clientSecret}' -d grant_type=client_credentials ${url}/oauth/token`,
      },
    ];
  }
  return [
    { label: 'Key', text: made.key ?? '' },
    { label: 'To try it', text: `curl -H 'X-API-Key: ${made.key}' ${url}/v1/event-types` },
  ];
}
