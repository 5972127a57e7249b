import { t } from '@lingui/core/macro';
import { useState } from 'react';
import { TextField } from '../../ui/form';
import { describeRetries } from '../../ui/time';

export const DEFAULT_SCHEDULE: readonly number[] = [30, 300, 1800, 7200];
const UNITS: Record<string, number> = { s: 1, min: 60, m: 60, h: 3600, d: 86_400 };
const AMOUNT = /(\d+(?:\.\d+)?)\s*([a-z]*)/gi;
const MAX_RETRIES = 5;
const MAX_TOTAL_SECONDS = 86_400;

/**
 * A retry schedule as a list of delays with units. A delay that cannot be parsed becomes NaN, which
 * the API rejects too.
 */
export function ScheduleField({
  label = t`Retries`,
  value,
  onChange,
}: {
  label?: string;
  value: readonly number[];
  onChange(delays: number[]): void;
}) {
  const [text, setText] = useState(() => value.map(delayText).join(', '));
  const delays = parseDelays(text);
  const error = errorOf(delays);
  return (
    <TextField
      label={label}
      pointer="/retrySchedule"
      value={text}
      onChange={(next) => {
        setText(next);
        onChange(parseDelays(next));
      }}
      error={error}
      hint={error ? undefined : t`${describeRetries(delays)} At most 5 retries, within 24 hours in total.`}
    />
  );
}

/** Writes a delay as {@link parseDelays} reads it, with the same units in every language. */
function delayText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor((seconds % 86_400) / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [seconds % 60, 's'],
  ] as const;
  return parts
    .filter(([count, unit]) => count > 0 || (seconds === 0 && unit === 's'))
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** Parses `30, 5 min, 1 h 30 min` to seconds. */
function parseDelays(text: string): number[] {
  return text
    .split(',')
    .filter((part) => part.trim())
    .map((part) => {
      const amounts = [...part.matchAll(AMOUNT)];
      if (amounts.length === 0 || part.replace(AMOUNT, '').trim()) return NaN;
      return amounts.reduce((sum, [, count, unit]) => sum + Number(count) * (unit ? (UNITS[unit] ?? NaN) : 1), 0);
    });
}

function errorOf(delays: number[]): string | undefined {
  if (delays.some(Number.isNaN)) return t`Separate the delays with commas, for example: 30 s, 5 min, 2 h.`;
  if (delays.length > MAX_RETRIES) return t`Enter at most 5 delays.`;
  return delays.reduce((sum, wait) => sum + wait, 0) > MAX_TOTAL_SECONDS
    ? t`The delays must add up to at most 24 hours.`
    : undefined;
}
