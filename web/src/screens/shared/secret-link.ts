import { api, at } from '../../api/client';

/** Shows a secret once. */
export interface SecretLink {
  url: string;
  expiresAt: string;
}

export const createSecretLink = (subscriptionId: string) =>
  api.post<SecretLink>(at`/v1/subscriptions/${subscriptionId}/secret/link`);
