import { useSyncExternalStore } from 'react';
import { dateLocale } from '../i18n/i18n';

/** The time zone in which times are shown: of the browser, or UTC. */
export type Zone = 'local' | 'utc';

const KEY = 'signpost-zone';
const listeners = new Set<() => void>();
let zone: Zone = localStorage.getItem(KEY) === 'utc' ? 'utc' : 'local';

/** Shows all times in another zone, also after a reload. */
export function setZone(chosen: Zone): void {
  localStorage.setItem(KEY, chosen);
  zone = chosen;
  for (const notify of listeners) notify();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The chosen zone. What calls this renders again when it changes. */
export const useZone = (): Zone => useSyncExternalStore(subscribe, () => zone);

const formats = new Map<string, Intl.DateTimeFormat>();

function format(at: string | number, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormatPart[] {
  const time = new Date(at);
  // An address may hold anything.
  if (Number.isNaN(time.getTime())) return [{ type: 'literal', value: String(at) }];
  const key = `${name} ${zone}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(dateLocale, {
      ...options,
      hourCycle: 'h23',
      ...(zone === 'utc' && { timeZone: 'UTC' }),
    });
    formats.set(key, found);
  }
  return found.formatToParts(time);
}

const joined = (parts: Intl.DateTimeFormatPart[]) => parts.map(({ value }) => value).join('');
const CLOCK = { hour: '2-digit', minute: '2-digit' } as const;
const DATE = { day: 'numeric', month: 'short' } as const;

/** `28 Nov 2026, 04:40:30 UTC` */
export const exactTime = (at: string | number): string =>
  joined(format(at, 'exact', { ...DATE, year: 'numeric', ...CLOCK, second: '2-digit', timeZoneName: 'short' }));

/** `28 Nov, 04:40:30 UTC`, for tables: the year follows from the time relative to now beside it. */
export const shortTime = (at: string | number): string =>
  joined(format(at, 'short', { ...DATE, ...CLOCK, second: '2-digit', timeZoneName: 'short' }));

/** `04:40:30 UTC`, for what is at most some hours ago. */
export const todayTime = (at: string | number): string =>
  joined(format(at, 'today', { ...CLOCK, second: '2-digit', timeZoneName: 'short' }));

/** `04:40`, for the axis of a chart. The chart names the zone. */
export const clockTime = (at: string | number): string => joined(format(at, 'clock', CLOCK));

/** `Sat, 04:40`, for the axis of a chart of several days. */
export const dayTime = (at: string | number): string => joined(format(at, 'day', { weekday: 'short', ...CLOCK }));

/** `UTC` or `GMT-5`: the zone at a time, as summer time changes it. */
export const zoneName = (at: string | number = Date.now()): string =>
  format(at, 'zone', { timeZoneName: 'short' }).find(({ type }) => type === 'timeZoneName')?.value ?? '';

/** Formats a time as `2026-05-04T13:02` in the chosen zone, which `datetime-local` requires. */
export function inputTime(at: string): string {
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return '';
  const offsetMs = zone === 'utc' ? 0 : new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offsetMs).toISOString().slice(0, 16);
}

/** The reverse of {@link inputTime}. */
export const fromInputTime = (text: string): string =>
  text === '' ? '' : new Date(zone === 'utc' ? `${text}Z` : text).toISOString();
