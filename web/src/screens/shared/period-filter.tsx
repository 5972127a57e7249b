import { useId } from 'react';
import { FilterSelect } from '../../ui/filters';
import { BETWEEN, PERIODS, usePeriodStart } from './use-period';

/** What the address bar holds of a span of time: `hour`, `day` and `week` move on with the clock, `between` has its ends in `since` and `until`. */
export interface Period {
  period: string;
  since: string;
  until: string;
}

/** The span as the API takes it. */
export function usePeriod({ period, since, until }: Period): { since?: string; until?: string } {
  const start = usePeriodStart(period);
  return period === BETWEEN.value ? { since, until } : { since: start };
}

/** Narrows a list to a span of time. */
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

/** A moment, typed in the reader's own time zone and kept in UTC. */
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

/** `2026-05-04T13:02`, as the control wants it. */
function localText(at: string): string {
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return '';
  const offsetMs = new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offsetMs).toISOString().slice(0, 16);
}
