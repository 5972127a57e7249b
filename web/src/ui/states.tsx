import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Inbox, SearchX, type LucideIcon } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { setWindowTitle } from '../api/branding';
import { isNotFound, ProblemError } from '../api/problem';
import { Button, ButtonLink } from './button';
import { CouldNotLoad, midSentence } from './plain-states';
import { RefusedFilters, refusedFilters } from './refused';

export { midSentence } from './plain-states';

export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <div className="stack-s" role="status" aria-label={t`Loading`}>
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

/** An empty state of a list that has filters: nothing matches them. */
export function NoMatch({ title, onClear, children }: { title: string; onClear(): void; children?: ReactNode }) {
  return (
    <Empty title={title} icon={SearchX}>
      <div className="stack-s">
        {children && <p>{children}</p>}
        <div>
          <Button onClick={onClear}>
            <Trans>Clear filters</Trans>
          </Button>
        </div>
      </div>
    </Empty>
  );
}

/** Has the shape of a page about one thing. @param titled - false: the title is known already */
export function PageSkeleton({ titled = true }: { titled?: boolean }) {
  return (
    <div className="page-skeleton stack" role="status" aria-label={t`Loading`}>
      {titled && <div className="skeleton skeleton-title" />}
      <div className="grid-tiles">
        {Array.from({ length: 4 }, (_, index) => (
          <div key={index} className="skeleton" />
        ))}
      </div>
      <div className="skeleton" />
    </div>
  );
}

/** What a screen or a drawer shows, to say that it does not exist, and where else to go. */
export interface Subject {
  /** For example `Endpoint`. */
  one: string;
  /** Another screen with all of them. Absent for a drawer, behind which they are. */
  all?: { text: string; to: string };
  /** More buttons that help. */
  more?: ReactNode;
}

/** An error state for data that could not be loaded. */
export function Failed({
  what,
  error,
  onRetry,
  subject,
  wasShown = false,
}: {
  what?: string;
  error: unknown;
  onRetry?(): void;
  subject?: Subject;
  /** Whether it was loaded before. */
  wasShown?: boolean;
}) {
  if (isNotFound(error)) return <NotFound {...{ what, subject, wasShown }} />;
  const refused = refusedFilters(error);
  if (refused.length > 0) return <RefusedFilters errors={refused} />;
  return <CouldNotLoad what={what} error={error} onRetry={onRetry} />;
}

/** Trying again would not help. */
function NotFound({ what, subject, wasShown }: { what?: string; subject?: Subject; wasShown: boolean }) {
  const one = subject?.one ?? what;
  const title =
    one === undefined ? t`Not found` : wasShown ? t`This ${midSentence(one)} no longer exists` : t`${one} not found`;
  const isScreen = subject?.all !== undefined;
  useEffect(() => {
    if (isScreen) setWindowTitle(title);
  }, [title, isScreen]);
  return (
    <Empty title={title}>
      <div className="stack" role="status">
        <p>
          {wasShown ? (
            <Trans>It was deleted after you opened it.</Trans>
          ) : (
            <Trans>It does not exist, was deleted, or belongs to somebody else.</Trans>
          )}
        </p>
        <div className="row">
          {subject?.more}
          {subject?.all && <ButtonLink to={subject.all.to}>{subject.all.text}</ButtonLink>}
        </div>
      </div>
    </Empty>
  );
}

const isUnavailable = (error: unknown): boolean =>
  error instanceof ProblemError && (error.status === 0 || error.status >= 500);

/**
 * Keeps the error of a call while it is repeated, so that it does not give way to a skeleton each
 * time.
 *
 * @returns the error to show, and a function for a click that repeats the call
 */
export function useKeptError(error: unknown, isLoaded: boolean): [unknown, () => void] {
  const [kept, setKept] = useState<unknown>(null);
  const next = isUnavailable(error) && !isLoaded ? error : isLoaded || error ? null : kept;
  if (next !== kept) setKept(next);
  return [error ?? next, () => setKept(null)];
}

/**
 * Renders the data of a query, a skeleton while it loads, or the error. What was loaded stays while
 * it cannot be loaded again, unless it no longer exists.
 */
export function Loaded<T>({
  query,
  lines,
  skeleton,
  subject,
  children,
}: {
  query: { data: T | undefined; error: unknown; refetch(): unknown };
  lines?: number;
  /** Shown while it loads, instead of lines. */
  skeleton?: ReactNode;
  /** Of a screen or a drawer for one thing. */
  subject?: Subject;
  children(data: T): ReactNode;
}) {
  const { data, error } = query;
  const wasShown = data !== undefined;
  const [shown, forget] = useKeptError(error, wasShown);
  if (wasShown && !isNotFound(error)) return children(data);
  if (shown)
    return (
      <Failed
        error={shown}
        onRetry={() => {
          forget();
          void query.refetch();
        }}
        subject={subject}
        wasShown={wasShown}
      />
    );
  return skeleton ?? (subject?.all ? <PageSkeleton /> : <Skeleton lines={lines} />);
}
