import { LoaderCircle, type LucideIcon } from 'lucide-react';
import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { Link } from 'react-router';

type Variant = 'primary' | 'plain' | 'danger' | 'ghost';
interface Common {
  variant?: Variant;
  small?: boolean;
  icon?: LucideIcon;
  children?: ReactNode;
}

const classes = ({ variant = 'plain', small, children }: Common) =>
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
}: Common & {
  busy?: boolean;
  label?: string;
  ref?: Ref<HTMLButtonElement>;
} & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button
      type="button"
      {...rest}
      className={classes({ variant, small, children })}
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

/** A link that looks like a button. */
export function ButtonLink({ to, variant, small, icon: Icon, children }: Common & { to: string; children: ReactNode }) {
  return (
    <Link to={to} className={classes({ variant, small, children })}>
      {Icon && <Icon size={16} aria-hidden />}
      {children}
    </Link>
  );
}
