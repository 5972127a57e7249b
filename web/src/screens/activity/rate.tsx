import { plural, t } from '@lingui/core/macro';
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
  const text =
    kind === 'event.accepted'
      ? plural(count, { one: '# event in the last minute', other: '# events in the last minute' })
      : plural(count, { one: '# attempt in the last minute', other: '# attempts in the last minute' });
  return <span className="muted num nowrap">{moreThanKept ? t`more than ${text}` : text}</span>;
}
