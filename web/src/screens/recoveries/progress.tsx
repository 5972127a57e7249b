import type { Recovery } from '../../api/types';
import styles from './recoveries.module.css';

/** A recovery's progress as a bar and in figures. */
export function Progress({ recovery: { status, retried, skipped, total, action } }: { recovery: Recovery }) {
  const text = `${retried.toLocaleString('en')} of ${total.toLocaleString('en')} ${action === 'cancel' ? 'cancelled' : 'retried'}`;
  const rest = skipped > 0 ? `, ${skipped.toLocaleString('en')} no longer failed` : '';
  return (
    <div className={styles.progress}>
      <progress
        // An empty recovery is complete, so its bar must be full.
        value={total === 0 && status === 'completed' ? 1 : retried + skipped}
        max={Math.max(1, total)}
        aria-label={text}
      />
      <span className="num muted truncate" title={text + rest}>
        {text}
        {rest}
      </span>
    </div>
  );
}
