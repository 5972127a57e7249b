import { t } from '@lingui/core/macro';
import type { Recovery } from '../../api/types';
import { formatNumber } from '../../i18n/i18n';
import styles from './recoveries.module.css';

/** A recovery's progress as a bar and in figures. */
export function Progress({ recovery: { status, retried, skipped, total, action } }: { recovery: Recovery }) {
  const isEmpty = total === 0 && status === 'completed';
  const text = isEmpty
    ? t`nothing to do`
    : action === 'cancel'
      ? t`${formatNumber(retried)} of ${formatNumber(total)} cancelled`
      : t`${formatNumber(retried)} of ${formatNumber(total)} retried`;
  const rest = skipped > 0 ? `, ${t`${formatNumber(skipped)} no longer failed`}` : '';
  return (
    <div className={styles.progress}>
      <progress
        // An empty recovery is complete, so its bar must be full.
        value={isEmpty ? 1 : retried + skipped}
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
