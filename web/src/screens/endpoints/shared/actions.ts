import { t } from '@lingui/core/macro';
import { api, at } from '../../../api/client';
import { useAction } from '../../../api/queries';
import type { Subscription } from '../../../api/types';

const AFFECTED_PATHS = ['/v1/subscriptions', '/v1/notifications', '/v1/overview'];

/** Enables or disables an endpoint. Enabling also ends an automatic disable. */
export function useToggleEndpoint({ id, name }: Pick<Subscription, 'id' | 'name'>) {
  return useAction(
    (enabled: boolean) => api.post<Subscription>(at`/v1/subscriptions/${id}/${enabled ? 'enable' : 'disable'}`),
    {
      done: (_, enabled) =>
        enabled
          ? t`${name} enabled. Held notifications are being sent.`
          : t`${name} disabled. New notifications are held.`,
      invalidate: AFFECTED_PATHS,
      resource: at`/v1/subscriptions/${id}`,
    },
  );
}

export function useDeleteEndpoint({ id, name }: Pick<Subscription, 'id' | 'name'>) {
  return useAction(() => api.delete(at`/v1/subscriptions/${id}`), {
    done: t`${name} deleted`,
    // Not `/v1/subscriptions`: the endpoint's own page would refetch it and get a 404.
    invalidate: ['/v1/notifications', '/v1/overview'],
  });
}

export function useUpdateEndpoint({ id, name }: Pick<Subscription, 'id' | 'name'>) {
  return useAction(
    (changes: Record<string, unknown>) => api.patch<Subscription>(at`/v1/subscriptions/${id}`, changes),
    {
      done: t`${name} updated. Changes apply from the next attempt.`,
      quiet: true,
      resource: at`/v1/subscriptions/${id}`,
    },
  );
}
