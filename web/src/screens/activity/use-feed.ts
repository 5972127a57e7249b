import { useMemo, useSyncExternalStore } from 'react';
import { Feed, type FeedFilter, type FeedState } from './feed';

/** Subscribes to the feed. A change of filter starts a new one. */
export function useFeed({
  type,
  customerId,
  subscriptionId,
  include,
}: FeedFilter): FeedState & Pick<Feed, 'pause' | 'resume'> {
  const feed = useMemo(
    () => new Feed({ type, customerId, subscriptionId, include }),
    [type, customerId, subscriptionId, include],
  );
  const current = useSyncExternalStore(feed.subscribe, feed.snapshot);
  return { ...current, pause: feed.pause, resume: feed.resume };
}
