import { t } from '@lingui/core/macro';
import { ChevronRight } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { Link } from 'react-router';
import { setWindowTitle } from '../api/branding';

/** The page heading with breadcrumbs and actions. It also sets the title of the window. */
export function PageHead({
  title,
  badge,
  children,
  crumbs = [],
  sub,
}: {
  title: string;
  badge?: ReactNode;
  sub?: ReactNode;
  children?: ReactNode;
  crumbs?: { text: string; to: string }[];
}) {
  useEffect(() => {
    setWindowTitle(title);
  }, [title]);
  return (
    <header className="page-head">
      <div className="grow">
        {crumbs.length > 0 && (
          <nav aria-label={t`Breadcrumb`} className="crumbs">
            {crumbs.map(({ text, to }) => (
              <span key={to}>
                <Link to={to}>{text}</Link>
                <ChevronRight size={14} aria-hidden />
              </span>
            ))}
          </nav>
        )}
        <div className="row">
          <h1 className="wrap-anywhere">{title}</h1>
          {badge}
        </div>
        {sub && <div className="muted wrap-anywhere">{sub}</div>}
      </div>
      {children && <div className="row">{children}</div>}
    </header>
  );
}

/** A section of a screen with its own heading. */
export function Card({
  title,
  actions,
  children,
  flush = false,
}: {
  title?: string;
  actions?: ReactNode;
  children: ReactNode;
  flush?: boolean;
}) {
  return (
    <section className={flush ? 'card card-flush' : 'card'} aria-label={title}>
      {(title || actions) && (
        <header className="card-head">
          {title && <h2>{title}</h2>}
          {actions && <div className="row">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** A list of names and values. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="facts">{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="wrap-anywhere">{children}</dd>
    </div>
  );
}

/** A figure with its name. With `to`, the whole tile is a link. */
export function Tile({
  name,
  value,
  sub,
  tone,
  to,
}: {
  name: string;
  value: ReactNode;
  sub?: ReactNode;
  tone?: 'ok' | 'warn' | 'bad';
  to?: string;
}) {
  const content = (
    <>
      <span className="tile-name">{name}</span>
      <span className={tone ? `tile-value tile-${tone}` : 'tile-value'}>{value}</span>
      {sub && <span className="tile-sub">{sub}</span>}
    </>
  );
  return to ? (
    <Link to={to} className="tile tile-link">
      {content}
    </Link>
  ) : (
    <div className="tile">{content}</div>
  );
}
