import { Trans } from '@lingui/react/macro';
import { createContext, Fragment, useContext, useEffect, useId, type InputHTMLAttributes, type ReactNode } from 'react';
import { ProblemError, type FieldError } from '../api/problem';

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
 * Returns the form's errors of a field and of anything inside it. The field shows them, so the
 * summary of the form does not.
 */
export function useFieldErrors(pointer: string | undefined): readonly FieldError[] {
  const formError = useContext(FormErrorContext);
  const fields = useContext(FieldsContext);
  useEffect(() => {
    if (pointer === undefined) return;
    fields.add(pointer);
    return () => void fields.delete(pointer);
  }, [fields, pointer]);
  return pointer !== undefined && formError instanceof ProblemError ? formError.errorsOf(pointer) : [];
}

const SHOWN_ERRORS = 10;

/** Errors of a field. Each names the part of the field that it concerns by its JSON Pointer. */
export function FieldErrors({ pointer, errors }: { pointer: string; errors: readonly FieldError[] }) {
  const texts = errors.slice(0, SHOWN_ERRORS).map(({ path, message }) => (
    <Fragment key={path + message}>
      {path !== pointer && <code className="wrap-anywhere">{path.slice(pointer.length)}</code>} {message}
    </Fragment>
  ));
  if (texts.length === 1) return texts[0];
  return (
    <ul className="bullets">
      {texts.map((text) => (
        <li key={text.key}>{text}</li>
      ))}
      {errors.length > SHOWN_ERRORS && (
        <li>
          <Trans>and {errors.length - SHOWN_ERRORS} more</Trans>
        </li>
      )}
    </ul>
  );
}

/**
 * Returns a field's id, its error message, and the ARIA attributes that tie both to the control.
 */
export function useField({ pointer, hint, error }: Pick<FieldProps, 'pointer' | 'hint' | 'error'>) {
  const id = useId();
  const errors = useFieldErrors(pointer);
  const fieldError: ReactNode =
    error ?? (pointer !== undefined && errors.length > 0 ? <FieldErrors {...{ pointer, errors }} /> : undefined);
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
}: { id: string; fieldError?: ReactNode; children: ReactNode } & FieldProps) {
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
        <div id={`${id}-error`} className="field-error">
          {fieldError}
        </div>
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
