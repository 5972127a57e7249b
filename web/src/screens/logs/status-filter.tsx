import { useEffect, useState } from 'react';
import styles from './status-filter.module.css';

const STATUSES = ['pending', 'delivering', 'retrying', 'delivered', 'failed', 'held', 'cancelled'];

/** Several statuses at once. @param value - with commas between; empty: all */
export function StatusFilter({ value, onChange }: { value: string; onChange(value: string): void }) {
  // The address bar follows a moment later; until then a second choice must not undo the first.
  const [shown, setShown] = useState(value);
  useEffect(() => setShown(value), [value]);
  const chosen = shown.split(',').filter(Boolean);
  function toggle(status: string) {
    const next = STATUSES.filter((each) => (each === status) !== chosen.includes(each)).join(',');
    setShown(next);
    onChange(next);
  }
  return (
    <fieldset className={styles.statuses}>
      <legend className="sr-only">Status</legend>
      {STATUSES.map((status) => (
        <label key={status} className={styles.status}>
          <input type="checkbox" checked={chosen.includes(status)} onChange={() => toggle(status)} />
          {status}
        </label>
      ))}
    </fieldset>
  );
}
