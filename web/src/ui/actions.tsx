import type { ReactNode } from 'react';

/** The buttons of a dialog or form. They stack on a narrow screen. */
export function Actions({ children }: { children: ReactNode }) {
  return <div className="actions">{children}</div>;
}
