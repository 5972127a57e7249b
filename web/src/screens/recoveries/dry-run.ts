import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client';
import type { RecoveryFilter } from '../../api/types';

/** The filter of a recovery with its period. */
export type BulkFilter = RecoveryFilter & { since?: string; until?: string };

/** Counts what a filter matches, without changing anything. */
export function useDryRun(action: 'retry' | 'cancel', filter: BulkFilter, enabled = true) {
  return useQuery({
    queryKey: ['/v1/recoveries', 'dry run', action, filter],
    queryFn: () => api.post<{ count: number; exceeded: boolean }>('/v1/recoveries', { action, filter, dryRun: true }),
    enabled,
    staleTime: Infinity,
  });
}
