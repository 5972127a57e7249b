import { useRead } from '../../api/queries';
import type { Deploy, Page } from '../../api/types';

/** The most that a chart shows. */
const LIMIT = 200;
const REFRESH_MS = 15_000;

/**
 * Reads the deploys of a chart, newest first. Empty while they load, and if that fails.
 *
 * @param series - the chart; undefined while it loads
 * @param filter - of which endpoints
 */
export function useDeploys(
  series: { buckets: readonly { at: string }[] } | undefined,
  filter: { subscriptionId?: string; segment?: string },
): Deploy[] {
  const since = series?.buckets[0]?.at;
  const { data } = useRead<Page<Deploy>>(
    '/v1/deploys',
    { limit: LIMIT, since, ...filter },
    { enabled: since !== undefined, refetchInterval: REFRESH_MS, retry: false },
  );
  return data?.items ?? [];
}
