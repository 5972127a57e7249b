import { useEffect, useState } from 'react';
import { MAX_ENTRIES, type Entry } from './feed';

const WINDOW_MS = 60_000;
const LOOK_EVERY_MS = 2000;

/** How much happened in the last minute, by the time at which it did: accepted events, or attempts where one endpoint is watched, which has no events. */
export function Rate({ entries, kind }: { entries: Entry[]; kind: 'event.accepted' | 'attempt.finished' }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const recent = entries.filter((entry) => 'activity' in entry && Date.parse(entry.activity.at) > now - WINDOW_MS);
  const count = recent.filter((entry) => 'activity' in entry && entry.activity.kind === kind).length;
  // More happened in this minute than is kept.
  const atLeast = recent.length > 0 && recent.length === entries.length && entries.length >= MAX_ENTRIES;
  return (
    <span className="muted num nowrap">
      {atLeast && 'over '}
      {count} {kind === 'event.accepted' ? 'events' : 'attempts'} per minute
    </span>
  );
}
