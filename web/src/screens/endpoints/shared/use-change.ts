import { api, at } from '../../../api/client';
import { useAction } from '../../../api/queries';
import type { Subscription } from '../../../api/types';

export function useChange({ id, name }: Pick<Subscription, 'id' | 'name'>) {
  return useAction(
    (changes: Record<string, unknown>) => api.patch<Subscription>(at`/v1/subscriptions/${id}`, changes),
    { done: `${name} updated. Changes apply from the next attempt.`, quiet: true },
  );
}
