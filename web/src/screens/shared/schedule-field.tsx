import { useState } from 'react';
import { TextField } from '../../ui/form';
import { retrySentence, sayDuration } from '../../ui/time';

export const USUAL_SCHEDULE: readonly number[] = [30, 300, 1800, 7200];
const UNITS: Record<string, number> = { s: 1, min: 60, m: 60, h: 3600, d: 86_400 };
const AMOUNT = /(\d+(?:\.\d+)?)\s*([a-z]*)/gi;
const MOST = 5;
const LONGEST_SECONDS = 86_400;

/**
 * A retry schedule as a list of delays with units. A delay that cannot be parsed becomes NaN, which
 * the API rejects too.
 */
export function ScheduleField({
  label = 'Retries',
  value,
  onChange,
}: {
  label?: string;
  value: readonly number[];
  onChange(waits: number[]): void;
}) {
  const [text, setText] = useState(() => value.map(sayDuration).join(', '));
  const waits = waitsOf(text);
  const fault = faultOf(waits);
  return (
    <TextField
      label={label}
      pointer="/retrySchedule"
      value={text}
      onChange={(next) => {
        setText(next);
        onChange(waitsOf(next));
      }}
      fault={fault}
      hint={fault ? undefined : `${retrySentence(waits)} At most 5 retries, within 24 hours in total.`}
    />
  );
}

/** Parses `30, 5 min, 1 h 30 min` to seconds. */
function waitsOf(text: string): number[] {
  return text
    .split(',')
    .filter((part) => part.trim())
    .map((part) => {
      const amounts = [...part.matchAll(AMOUNT)];
      if (amounts.length === 0 || part.replace(AMOUNT, '').trim()) return NaN;
      return amounts.reduce((sum, [, count, unit]) => sum + Number(count) * (unit ? (UNITS[unit] ?? NaN) : 1), 0);
    });
}

function faultOf(waits: number[]): string | undefined {
  if (waits.some(Number.isNaN)) return 'Separate the delays with commas, for example: 30 s, 5 min, 2 h.';
  if (waits.length > MOST) return 'Enter at most 5 delays.';
  return waits.reduce((sum, wait) => sum + wait, 0) > LONGEST_SECONDS
    ? 'The delays must add up to at most 24 hours.'
    : undefined;
}
