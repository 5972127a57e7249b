import { Inbox, TriangleAlert, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { errorText } from '../api/problem';
import { Button } from './button';

export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div className="stack-s" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <div key={index} className="skeleton" />
      ))}
    </div>
  );
}

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

/**
 * Formats a label for use inside a sentence: `API keys` keeps its capitals, `Endpoints` does not.
 */
export function midSentence(label: string): string {
  return /^[A-Z][a-z]/.test(label) ? label[0]!.toLowerCase() + label.slice(1) : label;
}

/** An error state for data that could not be loaded. */
export function Failed({ what, error, onRetry }: { what?: string; error: unknown; onRetry?(): void }) {
  return (
    <div className="empty" role="alert">
      <TriangleAlert size={28} aria-hidden />
      <p className="empty-title">{what ? `Could not load ${midSentence(what)}` : 'Could not load this'}</p>
      <p className="muted">{errorText(error)}</p>
      {onRetry && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}

/** Renders the data of a query, a skeleton while it loads, or the error. */
export function Loaded<T>({
  query,
  lines,
  children,
}: {
  query: { data: T | undefined; error: unknown; refetch(): unknown };
  lines?: number;
  children(data: T): ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  return <Skeleton lines={lines} />;
}
