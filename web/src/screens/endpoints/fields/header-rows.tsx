import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Plus, Trash2 } from 'lucide-react';
import { Button } from '../../../ui/button';
import { useFieldErrors } from '../../../ui/form';
import type { Draft } from '../shared/draft';
import styles from '../shared/endpoints.module.css';

/** The custom headers, one row each. */
export function HeaderRows({ rows, onChange }: { rows: Draft['headers']; onChange(rows: Draft['headers']): void }) {
  const errors = useFieldErrors('/headers');
  const update = (index: number, change: Partial<Draft['headers'][number]>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...change } : row)));
  return (
    <fieldset className="stack-s">
      <legend>
        <Trans>
          Headers <span className="muted">(optional)</span>
        </Trans>
      </legend>
      {rows.map(({ name, value }, index) => (
        <div key={index} className={styles.header}>
          <input
            className="input mono"
            aria-label={t`Name of header ${index + 1}`}
            placeholder="X-Source"
            spellCheck={false}
            value={name}
            aria-invalid={errors.some(({ path }) => path === `/headers/${name}`) || undefined}
            onChange={(event) => update(index, { name: event.target.value })}
          />
          <input
            className="input mono"
            aria-label={t`Value of header ${index + 1}`}
            placeholder={t`value`}
            spellCheck={false}
            value={value}
            onChange={(event) => update(index, { value: event.target.value })}
          />
          <Button
            variant="ghost"
            icon={Trash2}
            label={t`Remove header ${index + 1}`}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      {errors.map(({ path, message }) => (
        <p key={path + message} className="field-error" role="alert">
          <code>{path.slice('/headers/'.length)}</code> {message}
        </p>
      ))}
      <div>
        <Button small icon={Plus} onClick={() => onChange([...rows, { name: '', value: '' }])}>
          <Trans>Add header</Trans>
        </Button>
      </div>
    </fieldset>
  );
}
