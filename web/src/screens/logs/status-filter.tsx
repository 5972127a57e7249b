import { Trans } from '@lingui/react/macro';
import { statusText } from '../../ui/status-text';
import styles from './status-filter.module.css';

const STATUSES = ['pending', 'delivering', 'retrying', 'delivered', 'failed', 'held', 'cancelled'];

/** Filters by several statuses. @param value - comma-separated; empty: all */
export function StatusFilter({ value, onChange }: { value: string; onChange(value: string): void }) {
  const chosen = value.split(',').filter(Boolean);
  const toggle = (status: string) =>
    onChange(STATUSES.filter((each) => (each === status) !== chosen.includes(each)).join(','));
  return (
    <fieldset className={styles.statuses}>
      <legend className="sr-only">
        <Trans>Status</Trans>
      </legend>
      {STATUSES.map((status) => (
        <label key={status} className={styles.status}>
          <input type="checkbox" checked={chosen.includes(status)} onChange={() => toggle(status)} />
          {statusText(status)}
        </label>
      ))}
    </fieldset>
  );
}
