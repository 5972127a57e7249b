import { useSyncExternalStore } from 'react';

const TICK_MS = 1000;
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  // Nobody has kept it up to date while no time was shown.
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
const format = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' });

function relative(seconds: number): string {
  if (Math.abs(seconds) < 1) return 'now';
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length)!;
  return format.format(Math.trunc(seconds / size), unit);
}

/** A moment, relative to now and kept up to date; the exact UTC time stands in its tooltip. */
export function Time({ at }: { at: string | null | undefined }) {
  // The text is what is subscribed to, so that a row is drawn again only when it reads differently.
  const text = useSyncExternalStore(subscribe, () => (at ? relative(Math.round((Date.parse(at) - now) / 1000)) : ''));
  if (!at) return <span className="muted">never</span>;
  return (
    <time dateTime={at} title={utc(at)} className="nowrap">
      {text}
    </time>
  );
}

/** The time, kept up to date each second, in milliseconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** Time that is left until a moment, counting down in seconds. */
export function Countdown({ until }: { until: string }) {
  const seconds = useSyncExternalStore(subscribe, () => Math.max(0, Math.ceil((Date.parse(until) - now) / 1000)));
  return (
    <time dateTime={until} title={utc(until)} className="num nowrap">
      {seconds === 0 ? 'due now' : sayDuration(seconds)}
    </time>
  );
}

/** `2026-05-04 13:02:11.123 UTC` */
export function utc(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 23)} UTC`;
}

/** Seconds in words, as `30 min` or `1 h 5 min`; at most two units. */
export function sayDuration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor((seconds % 86_400) / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [Math.round(seconds % 60), 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** Milliseconds as `12 ms` or `3.4 s`. */
export function sayMilliseconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** A retry schedule as a sentence. */
export function retrySentence(schedule: readonly number[]): string {
  return schedule.length === 0
    ? 'Failed deliveries are not retried.'
    : `Failed deliveries are retried ${saySchedule(schedule)}.`;
}

/** A retry schedule in words: `after 30 s, 5 min, 30 min, 2 h`. */
export function saySchedule(schedule: readonly number[]): string {
  return schedule.length === 0 ? 'no retries' : `after ${schedule.map(sayDuration).join(', ')}`;
}
