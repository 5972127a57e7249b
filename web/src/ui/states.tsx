import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Inbox, type LucideIcon } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { setWindowTitle } from '../api/branding';
import { ProblemError } from '../api/problem';
import { ButtonLink } from './button';
import { CouldNotLoad, Skeleton } from './plain-states';

export { midSentence, Skeleton } from './plain-states';

/** An empty state: what is absent, why, and what to do about it. */
export function Empty({
  icon: Icon = Inbox,
  title,
  children,
}: {
  icon?: LucideIcon;
  title: string;
  children?: ReactNode;
}) {
  return (
    <div className="empty">
      <Icon size={28} aria-hidden />
      <p className="empty-title">{title}</p>
      {children && <div className="muted">{children}</div>}
    </div>
  );
}

/** What a screen shows, to say that it does not exist, and where else to go. */
export interface Subject {
  /** For example `Endpoint`. */
  one: string;
  /** For example `All endpoints`. */
  all: string;
  to: string;
}

/** An error state for data that could not be loaded. */
export function Failed({
  what,
  error,
  onRetry,
  subject,
}: {
  what?: string;
  error: unknown;
  onRetry?(): void;
  subject?: Subject;
}) {
  if (subject && error instanceof ProblemError && error.status === 404) return <NotFound subject={subject} />;
  return <CouldNotLoad what={what} error={error} onRetry={onRetry} />;
}

/** Trying again would not help. */
function NotFound({ subject: { one, all, to } }: { subject: Subject }) {
  const title = t`${one} not found`;
  useEffect(() => {
    setWindowTitle(title);
  }, [title]);
  return (
    <Empty title={title}>
      <div className="stack">
        <p>
          <Trans>It does not exist, was deleted, or belongs to somebody else.</Trans>
        </p>
        <div>
          <ButtonLink to={to}>{all}</ButtonLink>
        </div>
      </div>
    </Empty>
  );
}

/** Renders the data of a query, a skeleton while it loads, or the error. */
export function Loaded<T>({
  query,
  lines,
  subject,
  children,
}: {
  query: { data: T | undefined; error: unknown; refetch(): unknown };
  lines?: number;
  /** Of a screen for one thing. */
  subject?: Subject;
  children(data: T): ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failed error={query.error} onRetry={() => void query.refetch()} subject={subject} />;
  return <Skeleton lines={lines} />;
}
