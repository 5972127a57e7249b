import { useMemo, useSyncExternalStore } from 'react';
import { Feed, type Narrowing, type Seen } from './feed';

/** Subscribes to the feed. A change of filter starts a new one. */
export function useFeed({ type, customerId, subscriptionId }: Narrowing): Seen & Pick<Feed, 'pause' | 'resume'> {
  const feed = useMemo(() => new Feed({ type, customerId, subscriptionId }), [type, customerId, subscriptionId]);
  const seen = useSyncExternalStore(feed.subscribe, feed.snapshot);
  return { ...seen, pause: feed.pause, resume: feed.resume };
}
