import { useNow } from '../../ui/time';
import { MAX_ENTRIES, type Entry } from './feed';

const MINUTE_MS = 60_000;

/** How much happened in the last minute: events that were accepted, or attempts where one endpoint is watched, which has no events. */
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
