import { Trans } from '@lingui/react/macro';
import {
  createContext,
  useContext,
  useEffect,
  useId,
  useRef,
  useState,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type SyntheticEvent,
  type TextareaHTMLAttributes,
} from 'react';
import { Switch as RadixSwitch } from 'radix-ui';
import { ProblemError, errorText } from '../api/problem';

/** The error of the enclosing form. Each field shows the part that belongs to it. */
export const FormErrorContext = createContext<unknown>(undefined);
/** The pointers of the fields on the screen, whose messages the summary need not repeat. */
const FieldsContext = createContext(new Set<string>());

/**
 * A form that shows the API's validation errors: a field shows the message for its pointer, the
 * summary shows all of them. After a submit, the first invalid field gets the focus.
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

/** The error of the whole form: its detail, and the messages that no field shows. */
export function FormErrorSummary({ error }: { error: unknown }) {
  const fields = useContext(FieldsContext);
  if (!error) return null;
  const isShown = (path: string) => [...fields].some((pointer) => path === pointer || path.startsWith(`${pointer}/`));
  const errors = error instanceof ProblemError ? error.errors.filter(({ path }) => !isShown(path)) : [];
  return (
    <div role="alert" className="notice notice-bad">
      <p>{errorText(error)}</p>
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

export interface FieldProps {
  label: string;
  /** JSON Pointer into the request body, for example `/url`. */
  pointer?: string;
  hint?: ReactNode;
  /** An error that the form itself found, before any request. */
  error?: string;
  optional?: boolean;
}

/**
 * Returns a field's id, its error message, and the ARIA attributes that tie both to the control.
 */
export function useField({ pointer, hint, error }: Pick<FieldProps, 'pointer' | 'hint' | 'error'>) {
  const id = useId();
  const formError = useContext(FormErrorContext);
  const fields = useContext(FieldsContext);
  useEffect(() => {
    if (pointer === undefined) return;
    fields.add(pointer);
    return () => void fields.delete(pointer);
  }, [fields, pointer]);
  const fieldError =
    error ?? (pointer !== undefined && formError instanceof ProblemError ? formError.messageFor(pointer) : undefined);
  const describedBy = [hint && `${id}-hint`, fieldError && `${id}-error`].filter(Boolean).join(' ') || undefined;
  return {
    id,
    fieldError,
    control: { id, 'aria-describedby': describedBy, 'aria-invalid': fieldError ? true : undefined },
  };
}

/** A label above a control, with the hint and the error message below it. */
export function FieldFrame({
  id,
  label,
  hint,
  fieldError,
  optional,
  children,
}: { id: string; fieldError?: string; children: ReactNode } & FieldProps) {
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {optional && (
          <span className="muted">
            {' '}
            <Trans>(optional)</Trans>
          </span>
        )}
      </label>
      {children}
      {hint && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
      {fieldError && (
        <p id={`${id}-error`} className="field-error">
          {fieldError}
        </p>
      )}
    </div>
  );
}

export function TextField({
  label,
  pointer,
  hint,
  error,
  optional,
  onChange,
  ...rest
}: FieldProps & { onChange(value: string): void } & Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange'>) {
  const { id, fieldError, control } = useField({ pointer, hint, error });
  return (
    <FieldFrame {...{ id, label, hint, fieldError, optional }}>
      <input
        className="input"
        autoComplete="off"
        spellCheck={false}
        {...rest}
        {...control}
        onChange={(event) => onChange(event.target.value)}
      />
    </FieldFrame>
  );
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

/** A switch that takes effect when the form is submitted. */
export function SwitchField({
  label,
  hint,
  checked,
  onChange,
}: {
  label: string;
  hint?: ReactNode;
  checked: boolean;
  onChange(checked: boolean): void;
}) {
  const id = useId();
  return (
    <div className="switch-field">
      <RadixSwitch.Root
        id={id}
        className="switch"
        checked={checked}
        onCheckedChange={onChange}
        aria-describedby={hint ? `${id}-hint` : undefined}
      >
        <RadixSwitch.Thumb className="switch-thumb" />
      </RadixSwitch.Root>
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p id={`${id}-hint`} className="field-hint">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
