import {
  createContext,
  useContext,
  useEffect,
  useId,
  useRef,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type SyntheticEvent,
  type TextareaHTMLAttributes,
} from 'react';
import { Switch as RadixSwitch } from 'radix-ui';
import { ProblemError, sayError } from '../api/problem';

/** The error of the enclosing form. Each field shows the part that belongs to it. */
export const FormError = createContext<unknown>(undefined);

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
    <FormError.Provider value={error}>
      <form ref={form} className="stack" onSubmit={submit} noValidate aria-label={label}>
        {children}
        {summary && <FormFault error={error} />}
      </form>
    </FormError.Provider>
  );
}

/** The error of the whole form: its detail, and every field message. */
export function FormFault({ error }: { error: unknown }) {
  if (!error) return null;
  const errors = error instanceof ProblemError ? error.errors : [];
  return (
    <div role="alert" className="notice notice-bad">
      <p>{sayError(error)}</p>
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
  fault?: string;
  optional?: boolean;
}

/**
 * Returns a field's id, its error message, and the ARIA attributes that tie both to the control.
 */
export function useField({ pointer, hint, fault }: Pick<FieldProps, 'pointer' | 'hint' | 'fault'>) {
  const id = useId();
  const error = useContext(FormError);
  const said =
    fault ?? (pointer !== undefined && error instanceof ProblemError ? error.messageFor(pointer) : undefined);
  const describedBy = [hint && `${id}-hint`, said && `${id}-fault`].filter(Boolean).join(' ') || undefined;
  return { id, said, control: { id, 'aria-describedby': describedBy, 'aria-invalid': said ? true : undefined } };
}

/** A label above a control, with the hint and the error message below it. */
export function FieldFrame({
  id,
  label,
  hint,
  said,
  optional,
  children,
}: { id: string; said?: string; children: ReactNode } & FieldProps) {
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {optional && <span className="muted"> (optional)</span>}
      </label>
      {children}
      {hint && (
        <p id={`${id}-hint`} className="field-hint">
          {hint}
        </p>
      )}
      {said && (
        <p id={`${id}-fault`} className="field-fault">
          {said}
        </p>
      )}
    </div>
  );
}

export function TextField({
  label,
  pointer,
  hint,
  fault,
  optional,
  onChange,
  ...rest
}: FieldProps & { onChange(value: string): void } & Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange'>) {
  const { id, said, control } = useField({ pointer, hint, fault });
  return (
    <FieldFrame {...{ id, label, hint, said, optional }}>
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
  fault,
  optional,
  code = false,
  onChange,
  ...rest
}: FieldProps & { code?: boolean; onChange(value: string): void } & Omit<
    TextareaHTMLAttributes<HTMLTextAreaElement>,
    'onChange'
  >) {
  const { id, said, control } = useField({ pointer, hint, fault });
  return (
    <FieldFrame {...{ id, label, hint, said, optional }}>
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
  fault,
  optional,
  onChange,
  children,
  ...rest
}: FieldProps & { onChange(value: string): void } & Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange'>) {
  const { id, said, control } = useField({ pointer, hint, fault });
  return (
    <FieldFrame {...{ id, label, hint, said, optional }}>
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
