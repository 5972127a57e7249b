import { Plus, Trash2 } from 'lucide-react';
import { useContext } from 'react';
import { ProblemError } from '../../../api/problem';
import { Button } from '../../../ui/button';
import { FormError } from '../../../ui/form';
import type { Draft } from '../shared/draft';
import styles from '../shared/endpoints.module.css';

/** The custom headers, one row each. */
export function HeaderRows({ rows, onChange }: { rows: Draft['headers']; onChange(rows: Draft['headers']): void }) {
  const error = useContext(FormError);
  const said = error instanceof ProblemError ? error.errors.find(({ path }) => path.startsWith('/headers')) : undefined;
  const put = (index: number, change: Partial<Draft['headers'][number]>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...change } : row)));
  return (
    <fieldset className="stack-s">
      <legend>
        Headers <span className="muted">(optional)</span>
      </legend>
      {rows.map(({ name, value }, index) => (
        <div key={index} className={styles.header}>
          <input
            className="input mono"
            aria-label={`Name of header ${index + 1}`}
            placeholder="X-Source"
            spellCheck={false}
            value={name}
            aria-invalid={(said && said.path === `/headers/${name}`) || undefined}
            onChange={(event) => put(index, { name: event.target.value })}
          />
          <input
            className="input mono"
            aria-label={`Value of header ${index + 1}`}
            placeholder="value"
            spellCheck={false}
            value={value}
            onChange={(event) => put(index, { value: event.target.value })}
          />
          <Button
            look="ghost"
            icon={Trash2}
            label={`Remove header ${index + 1}`}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      {said && (
        <p className="field-fault" role="alert">
          <code>{said.path.slice('/headers/'.length)}</code> {said.message}
        </p>
      )}
      <div>
        <Button small icon={Plus} onClick={() => onChange([...rows, { name: '', value: '' }])}>
          Add header
        </Button>
      </div>
    </fieldset>
  );
}
