import { useNow } from '../../ui/time';
import { MAX_ENTRIES, type Entry } from './feed';

const MINUTE_MS = 60_000;

/**
 * Accepted events in the last minute. For a single endpoint, which has no events, it counts
 * attempts.
 */
export function Rate({ entries, kind }: { entries: Entry[]; kind: 'event.accepted' | 'attempt.finished' }) {
  const since = useNow() - MINUTE_MS;
  const recent = entries.filter((entry) => 'activity' in entry && Date.parse(entry.activity.at) > since);
  const count = recent.filter((entry) => 'activity' in entry && entry.activity.kind === kind).length;
  const moreThanKept = recent.length >= MAX_ENTRIES;
  return (
    <span className="muted num nowrap">
      {moreThanKept && 'more than '}
      {count.toLocaleString('en')} {kind === 'event.accepted' ? 'event' : 'attempt'}
      {count !== 1 && 's'} in the last minute
    </span>
  );
}
