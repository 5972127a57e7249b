import { useId } from 'react';
import { FilterSelect } from '../../ui/filters';
import { BETWEEN, PERIODS, usePeriodStart } from './use-period';

/**
 * A time range as it is kept in the address bar. `hour`, `day` and `week` move with the clock;
 * `between` is fixed by `since` and `until`.
 */
export interface Period {
  period: string;
  since: string;
  until: string;
}

/** Converts a period to the API's parameters. */
export function usePeriod({ period, since, until }: Period): { since?: string; until?: string } {
  const start = usePeriodStart(period);
  return period === BETWEEN.value ? { since, until } : { since: start };
}

/** Filters a list by time range. */
export function PeriodFilter({
  value: { period, since, until },
  onChange,
}: {
  value: Period;
  onChange(changes: Partial<Period>): void;
}) {
  return (
    <>
      <FilterSelect
        label="Accepted"
        value={period}
        all="Any time"
        options={[...PERIODS, BETWEEN]}
        onChange={(next) => onChange({ period: next, since: '', until: '' })}
      />
      {period === BETWEEN.value && (
        <>
          <Moment label="From" value={since} onChange={(next) => onChange({ since: next })} />
          <Moment label="Until" value={until} onChange={(next) => onChange({ until: next })} />
        </>
      )}
    </>
  );
}

/** A point in time, entered in local time and stored in UTC. */
function Moment({ label, value, onChange }: { label: string; value: string; onChange(value: string): void }) {
  const id = useId();
  return (
    <div className="filter-select">
      <label htmlFor={id}>{label} (local time)</label>
      <input
        id={id}
        type="datetime-local"
        className="input"
        defaultValue={localText(value)}
        onChange={({ target }) => onChange(target.value === '' ? '' : new Date(target.value).toISOString())}
      />
    </div>
  );
}

/** Formats a time as `2026-05-04T13:02`, which `datetime-local` requires. */
function localText(at: string): string {
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return '';
  const offsetMs = new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offsetMs).toISOString().slice(0, 16);
}
