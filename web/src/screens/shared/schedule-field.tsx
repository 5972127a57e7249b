import { useState } from 'react';
import { TextField } from '../../ui/form';
import { sayDuration, saySchedule } from '../../ui/time';

export const USUAL_SCHEDULE: readonly number[] = [30, 300, 1800, 7200];
const UNITS: Record<string, number> = { s: 1, min: 60, m: 60, h: 3600, d: 86_400 };
const MOST = 5;
const LONGEST_SECONDS = 86_400;

/** A customer's retry schedule as waits with their units, and in words what it comes to. */
export function ScheduleField({
  value,
  onChange,
}: {
  value: readonly number[];
  onChange(waits: readonly number[]): void;
}) {
  const [text, setText] = useState(() => value.map(sayDuration).join(', '));
  const waits = waitsOf(text);
  return (
    <TextField
      label="Retries"
      pointer="/retrySchedule"
      value={text}
      onChange={(next) => {
        setText(next);
        onChange(waitsOf(next) ?? [NaN]);
      }}
      fault={faultOf(waits)}
      hint={waits && `A failed delivery is repeated ${saySchedule(waits)}. At most five waits, together at most a day.`}
    />
  );
}

/** `30 s, 5 min, 2 h` in seconds; undefined where it cannot be read. */
function waitsOf(text: string): number[] | undefined {
  const waits = text
    .split(',')
    .filter((part) => part.trim())
    .map((part) => {
      const amounts = [...part.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/gi)];
      const rest = part.replace(/(\d+(?:\.\d+)?)\s*([a-z]*)/gi, '').trim();
      if (amounts.length === 0 || rest) return NaN;
      return amounts.reduce((sum, [, count, unit]) => sum + Number(count) * (unit ? (UNITS[unit] ?? NaN) : 1), 0);
    });
  return waits.some(Number.isNaN) ? undefined : waits;
}

function faultOf(waits: number[] | undefined): string | undefined {
  if (!waits) return 'Waits with commas between, as 30 s, 5 min, 2 h.';
  if (waits.length > MOST) return 'At most five retries.';
  return waits.reduce((sum, wait) => sum + wait, 0) > LONGEST_SECONDS ? 'Together at most 24 hours.' : undefined;
}
