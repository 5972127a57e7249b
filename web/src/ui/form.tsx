import { t } from '@lingui/core/macro';
import {
  useContext,
  useEffect,
  useRef,
  useState,
  type ReactNode,
  type SelectHTMLAttributes,
  type SyntheticEvent,
  type TextareaHTMLAttributes,
} from 'react';
import { ProblemError, errorText } from '../api/problem';
import { FieldFrame, FieldsContext, FormErrorContext, useField, type FieldProps } from './field';

export { FieldErrors, FieldFrame, TextField, useField, useFieldErrors, type FieldProps } from './field';
export { SwitchField } from './switch-field';

/**
 * A form that shows the API's validation errors: a field shows those for its pointer, the summary
 * shows the others. After a submit, the first invalid field gets the focus.
 *
 * @param summary - whether to list the errors below the fields
 */
export function Form({
  error,
  onSubmit,
  children,
  label,
  summary = true,
}: {
  error?: unknown;
  onSubmit(): void;
  children: ReactNode;
  label?: string;
  summary?: boolean;
}) {
  const form = useRef<HTMLFormElement>(null);
  const sent = useRef(false);
  const [fields] = useState(() => new Set<string>());
  function submit(event: SyntheticEvent) {
    event.preventDefault();
    sent.current = true;
    onSubmit();
  }
  // On every render, because the invalid field may be on a wizard step that is shown only now.
  useEffect(() => {
    if (!sent.current || !error) return;
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid]');
    if (!wrong) return;
    wrong.focus({ preventScroll: true });
    wrong.scrollIntoView({ block: 'center' });
    sent.current = false;
  });
  return (
    <FormErrorContext.Provider value={error}>
      <FieldsContext.Provider value={fields}>
        <form ref={form} className="stack" onSubmit={submit} noValidate aria-label={label}>
          {children}
          {summary && <FormErrorSummary error={error} />}
        </form>
      </FieldsContext.Provider>
    </FormErrorContext.Provider>
  );
}

/** The error of the whole form, and the messages that no field shows. */
export function FormErrorSummary({ error }: { error: unknown }) {
  const fields = useContext(FieldsContext);
  if (!error) return null;
  const isShown = (path: string) => [...fields].some((pointer) => path === pointer || path.startsWith(`${pointer}/`));
  const errors = error instanceof ProblemError ? error.errors.filter(({ path }) => !isShown(path)) : [];
  return (
    <div role="alert" className="notice notice-bad">
      <p>{summaryOf(error, errors.length > 0)}</p>
      {errors.length > 0 && (
        <ul className="bullets">
          {errors.map(({ path, message }) => (
            <li key={path + message}>
              <code>{path || 'body'}</code> {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** @param hasMore - whether fields are wrong that do not say so themselves */
function summaryOf(error: unknown, hasMore: boolean): string {
  if (!(error instanceof ProblemError)) return errorText(error);
  // The titles of other problems say what is wrong.
  const isGeneral = error.code === 'validation-failed' && error.isAboutFields;
  return isGeneral && !hasMore ? t`Correct the marked fields.` : error.summary;
}

/** A multi-line text field. `code` is for JSON and expressions. */
export function TextArea({
  label,
  pointer,
  hint,
  error,
  optional,
  code = false,
  onChange,
  ...rest
}: FieldProps & { code?: boolean; onChange(value: string): void } & Omit<
    TextareaHTMLAttributes<HTMLTextAreaElement>,
    'onChange'
  >) {
  const { id, fieldError, control } = useField({ pointer, hint, error });
  return (
    <FieldFrame {...{ id, label, hint, fieldError, optional }}>
      <textarea
        className={code ? 'input mono' : 'input'}
        spellCheck={!code}
        rows={4}
        {...rest}
        {...control}
        onChange={(event) => onChange(event.target.value)}
      />
    </FieldFrame>
  );
}

export function SelectField({
  label,
  pointer,
  hint,
  error,
  optional,
  onChange,
  children,
  ...rest
}: FieldProps & { onChange(value: string): void } & Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange'>) {
  const { id, fieldError, control } = useField({ pointer, hint, error });
  return (
    <FieldFrame {...{ id, label, hint, fieldError, optional }}>
      <select className="input" {...rest} {...control} onChange={(event) => onChange(event.target.value)}>
        {children}
      </select>
    </FieldFrame>
  );
}
