import { t } from '@lingui/core/macro';
import { X } from 'lucide-react';
import styles from './endpoints.module.css';

/** A list of short names, optionally removable. */
export function Chips({
  label,
  items,
  empty,
  onRemove,
}: {
  label: string;
  items: readonly string[];
  empty?: string;
  onRemove?(item: string): void;
}) {
  if (items.length === 0) return empty ? <p className="muted">{empty}</p> : null;
  return (
    <ul className={styles.chips} aria-label={label}>
      {items.map((item) => (
        <li key={item} className={styles.chip}>
          <code className="wrap-anywhere">{item}</code>
          {onRemove && (
            <button type="button" aria-label={t`Remove ${item}`} onClick={() => onRemove(item)}>
              <X size={14} aria-hidden />
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
