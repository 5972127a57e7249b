import { Trans } from '@lingui/react/macro';
import { createContext, useContext, useEffect, useId, type InputHTMLAttributes, type ReactNode } from 'react';
import { ProblemError } from '../api/problem';

/** The error of the enclosing form. Each field shows the part that belongs to it. */
export const FormErrorContext = createContext<unknown>(undefined);
/** The pointers of the fields on the screen, whose messages the summary need not repeat. */
export const FieldsContext = createContext(new Set<string>());

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
