import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useMemo, useSyncExternalStore } from 'react';
import { i18n } from '../i18n/i18n';
import { exactTime, shortTime, useZone } from './zone';

const TICK_MS = 1000;
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  // `now` is stale if no time was on the screen until now.
  if (!timer) now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    for (const notify of listeners) notify();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];
const format = new Intl.RelativeTimeFormat(i18n.locale, { numeric: 'always', style: 'short' });

function relative(seconds: number): string {
  if (Math.abs(seconds) < 1) return t`now`;
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length)!;
  return format.format(Math.trunc(seconds / size), unit);
}

function useRelative(at: string | null | undefined): string {
  // The snapshot is the text itself, so that a row renders again only when its text changes.
  return useSyncExternalStore(subscribe, () => (at ? relative(Math.round((Date.parse(at) - now) / 1000)) : ''));
}

/** Formats a time once, and not every second with the text beside it. */
function useFormatted(at: string | null | undefined, format: (at: string) => string): string {
  const zone = useZone();
  return useMemo(() => (zone && at ? format(at) : ''), [at, format, zone]);
}

/** A time relative to now, updated every second. Its tooltip is the exact time. */
export function Time({ at }: { at: string | null | undefined }) {
  const text = useRelative(at);
  const exact = useFormatted(at, exactTime);
  if (!at)
    return (
      <span className="muted">
        <Trans>never</Trans>
      </span>
    );
  return (
    <time dateTime={at} title={exact} className="nowrap">
      {text}
    </time>
  );
}

/** The exact time, and the time relative to now: for details. */
export function ExactTime({ at }: { at: string | null | undefined }) {
  const text = useRelative(at);
  const exact = useFormatted(at, exactTime);
  if (!at)
    return (
      <span className="muted">
        <Trans>never</Trans>
      </span>
    );
  return (
    <time dateTime={at} className="exact-time">
      {exact} <span className="muted nowrap">{text}</span>
    </time>
  );
}

/** The time relative to now above the exact time: for a table. */
export function TimeCell({ at }: { at: string | null | undefined }) {
  const text = useRelative(at);
  const exact = useFormatted(at, shortTime);
  if (!at)
    return (
      <span className="muted">
        <Trans>never</Trans>
      </span>
    );
  return (
    <time dateTime={at} className="cell-lines">
      <span>{text}</span>
      <span className="muted">{exact}</span>
    </time>
  );
}

/** The current time in milliseconds, updated every second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/**
 * Counts down the time left.
 *
 * @param inSentence - writes `in 5 s` instead of `5 s`
 */
export function Countdown({ until, inSentence = false }: { until: string; inSentence?: boolean }) {
  const seconds = useSyncExternalStore(subscribe, () => Math.max(0, Math.ceil((Date.parse(until) - now) / 1000)));
  const exact = useFormatted(until, exactTime);
  return (
    <time dateTime={until} title={exact} className="num nowrap">
      {seconds === 0 ? t`due now` : inSentence ? t`in ${formatDuration(seconds)}` : formatDuration(seconds)}
    </time>
  );
}

/** `2026-05-04 13:02:11.123 UTC` */
export function utc(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 23)} UTC`;
}

/** Formats seconds with at most two units, for example `30 min` or `1 h 5 min`. */
export function formatDuration(seconds: number): string {
  const [days, hours, minutes, rest] = [
    Math.floor(seconds / 86_400),
    Math.floor((seconds % 86_400) / 3600),
    Math.floor((seconds % 3600) / 60),
    Math.round(seconds % 60),
  ];
  const parts = [
    [days, t`${days} d`],
    [hours, t`${hours} h`],
    [minutes, t`${minutes} min`],
    [rest, t`${rest} s`],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return t`0 s`;
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([, text]) => text)
    .join(' ');
}

/** Formats milliseconds, for example `12 ms` or `3.4 s`. */
export function formatMilliseconds(ms: number): string {
  return ms < 1000 ? t`${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Formats a retry schedule as a sentence. */
export function describeRetries(schedule: readonly number[]): string {
  return schedule.length === 0
    ? t`Failed deliveries are not retried.`
    : t`Failed deliveries are retried ${formatSchedule(schedule)}.`;
}

/** Formats a retry schedule, for example `after 30 s, 5 min, 30 min, 2 h`. */
export function formatSchedule(schedule: readonly number[]): string {
  return schedule.length === 0 ? t`no retries` : t`after ${schedule.map(formatDuration).join(', ')}`;
}
