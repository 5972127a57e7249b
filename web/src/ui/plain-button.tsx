import { LoaderCircle, type LucideIcon } from 'lucide-react';
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';

type Variant = 'primary' | 'plain' | 'danger' | 'ghost';
export interface ButtonLook {
  variant?: Variant;
  small?: boolean;
  icon?: LucideIcon;
  children?: ReactNode;
}

/** The classes of a button, and of a link that looks like one. */
export const buttonClasses = ({ variant = 'plain', small, children }: ButtonLook) =>
  ['button', `button-${variant}`, small && 'button-small', children === undefined && 'button-icon']
    .filter(Boolean)
    .join(' ');

/** A button. With an icon alone it needs a `label`. It is disabled while `busy`. */
export function Button({
  variant,
  small,
  icon: Icon,
  busy = false,
  label,
  children,
  ...rest
}: ButtonLook & {
  busy?: boolean;
  label?: string;
  ref?: Ref<HTMLButtonElement>;
} & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button
      type="button"
      {...rest}
      className={buttonClasses({ variant, small, children })}
      aria-label={label}
      title={rest.title ?? (children === undefined ? label : undefined)}
      aria-busy={busy || undefined}
      disabled={rest.disabled || busy}
    >
      {busy ? <LoaderCircle className="spin" size={16} aria-hidden /> : Icon && <Icon size={16} aria-hidden />}
      {children}
    </button>
  );
}
