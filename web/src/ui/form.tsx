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

/** What went wrong when the form was sent; its fields show their part. */
/** The fault of the form around. */
export const FormError = createContext<unknown>(undefined);

/**
 * A form whose faults the API tells: each field shows what is said of its pointer, the form what is left. The first field at fault is gone to.
 *
 * @param summary - whether the faults are told at the end, too
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
  // After every drawing: the field may come with a step that is gone to because of it.
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

/** What went wrong with the whole: the detail, and what is said of fields that are not on the screen. */
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
  /** JSON Pointer into the body that is sent, as `/url`. */
  pointer?: string;
  hint?: ReactNode;
  /** What the form itself finds wrong. */
  fault?: string;
  optional?: boolean;
}

/** A field's id, what is said of it, and what ties both to its control. */
export function useField({ pointer, hint, fault }: Pick<FieldProps, 'pointer' | 'hint' | 'fault'>) {
  const id = useId();
  const error = useContext(FormError);
  const said =
    fault ?? (pointer !== undefined && error instanceof ProblemError ? error.messageFor(pointer) : undefined);
  const describedBy = [hint && `${id}-hint`, said && `${id}-fault`].filter(Boolean).join(' ') || undefined;
  return { id, said, control: { id, 'aria-describedby': describedBy, 'aria-invalid': said ? true : undefined } };
}

/** A label over a control, a hint and a fault under it. */
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

/** A line of text. */
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

/** Several lines; `code` for JSON and expressions. */
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

/** One of a few. */
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

/** On or off, taking effect when the form is sent. */
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
