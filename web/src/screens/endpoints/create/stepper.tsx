import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Check } from 'lucide-react';
import styles from './stepper.module.css';

/** The steps of a wizard. Steps reached so far can be selected. */
export function Stepper<Id extends string>({
  steps,
  current,
  reached,
  onGo,
}: {
  steps: readonly { id: Id; title: string }[];
  current: number;
  reached: number;
  onGo(id: Id): void;
}) {
  return (
    <nav aria-label={t`Steps`}>
      <p className={styles.narrow}>
        <Trans>
          Step {current + 1} of {steps.length}
        </Trans>
      </p>
      <ol className={styles.steps}>
        {steps.map(({ id, title }, index) => (
          <li key={id}>
            <button
              type="button"
              className={styles.step}
              aria-current={index === current ? 'step' : undefined}
              disabled={index > reached}
              onClick={() => onGo(id)}
            >
              <span className={styles.number} aria-hidden>
                {index < reached && index !== current ? <Check size={14} /> : index + 1}
              </span>
              {title}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
