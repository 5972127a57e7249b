import { t } from '@lingui/core/macro';
import { useId } from 'react';
import { FilterSelect } from '../../ui/filters';
import { fromInputTime, inputTime, useZone, zoneName } from '../../ui/zone';
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
        label={t`Accepted`}
        value={period}
        all={t`Any time`}
        options={[...PERIODS, BETWEEN]}
        onChange={(next) => onChange({ period: next, since: '', until: '' })}
      />
      {period === BETWEEN.value && (
        <>
          <Moment label={t`From`} value={since} onChange={(next) => onChange({ since: next })} />
          <Moment label={t`Until`} value={until} onChange={(next) => onChange({ until: next })} />
        </>
      )}
    </>
  );
}

/** A point in time, entered in the chosen zone and stored in UTC. */
function Moment({ label, value, onChange }: { label: string; value: string; onChange(value: string): void }) {
  const id = useId();
  const zone = useZone();
  return (
    <div className="filter-select">
      <label htmlFor={id}>
        {label} ({zoneName(inputTime(value) ? value : Date.now())})
      </label>
      <input
        key={zone}
        id={id}
        type="datetime-local"
        className="input"
        defaultValue={inputTime(value)}
        onChange={({ target }) => onChange(fromInputTime(target.value))}
      />
    </div>
  );
}
