import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { buttonClasses, type ButtonLook } from './plain-button';

export { Button } from './plain-button';

/** A link that looks like a button. */
export function ButtonLink({
  to,
  variant,
  small,
  icon: Icon,
  children,
}: ButtonLook & { to: string; children: ReactNode }) {
  return (
    <Link to={to} className={buttonClasses({ variant, small, children })}>
      {Icon && <Icon size={16} aria-hidden />}
      {children}
    </Link>
  );
}
