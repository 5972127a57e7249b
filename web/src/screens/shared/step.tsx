import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './step.module.css';

/** One entry of a timeline: a mark, a line, and what belongs to it below. */
export function Step({
  icon: Icon,
  tone,
  children,
  content,
}: {
  icon: LucideIcon;
  tone?: 'ok' | 'bad' | 'next' | 'later';
  children: ReactNode;
  content?: ReactNode;
}) {
  return (
    <li className={`${styles.step} ${tone ? styles[tone] : ''}`}>
      <span className={styles.mark}>
        <Icon size={14} aria-hidden />
      </span>
      <div className={styles.body}>
        <div className="row">{children}</div>
        {content}
      </div>
    </li>
  );
}
