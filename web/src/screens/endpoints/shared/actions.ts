import { api, at } from '../../../api/client';
import { useAction } from '../../../api/queries';
import type { Subscription } from '../../../api/types';

const STALE = ['/v1/subscriptions', '/v1/notifications', '/v1/overview'];

/** Puts an endpoint on, also back in order, and off. */
export function useSwitch({ id, name }: Pick<Subscription, 'id' | 'name'>) {
  return useAction(
    (enabled: boolean) => api.post<Subscription>(at`/v1/subscriptions/${id}/${enabled ? 'enable' : 'disable'}`),
    {
      done: (_, enabled) =>
        enabled
          ? `${name} enabled. Held notifications are being sent.`
          : `${name} disabled. New notifications are held.`,
      invalidate: STALE,
    },
  );
}

/** Deletes an endpoint. */
export function useRemoval({ id, name }: Pick<Subscription, 'id' | 'name'>) {
  return useAction(() => api.delete(at`/v1/subscriptions/${id}`), {
    done: `${name} deleted`,
    // Its own page would read what is not there any more.
    invalidate: ['/v1/notifications', '/v1/overview'],
  });
}
