import { t } from '@lingui/core/macro';
import { useMemo, useSyncExternalStore } from 'react';

export const PERIODS = [
  { value: 'hour', text: t`Last hour` },
  { value: 'day', text: t`Last 24 hours` },
  { value: 'week', text: t`Last 7 days` },
];
export const BETWEEN = { value: 'between', text: t`Custom range…` };
const SECONDS: Record<string, number> = { hour: 3600, day: 86_400, week: 604_800 };
const MINUTE_MS = 60_000;

const minute = () => Math.floor(Date.now() / MINUTE_MS);
function subscribe(listener: () => void): () => void {
  const timer = setInterval(listener, MINUTE_MS / 4);
  return () => clearInterval(timer);
}

/**
 * Returns the start of a period, rounded to the minute so that the query key changes at most once a
 * minute. Undefined means all time.
 */
export function usePeriodStart(period: string): string | undefined {
  const now = useSyncExternalStore(subscribe, minute);
  return useMemo(() => {
    const seconds = SECONDS[period];
    return seconds === undefined ? undefined : new Date(now * MINUTE_MS - seconds * 1000).toISOString();
  }, [period, now]);
}
