import type { ColumnDef } from '@tanstack/react-table';
import { useMemo } from 'react';
import { Link } from 'react-router';
import type { Subscription } from '../../../api/types';
import { ResponseBadge, StatusBadge } from '../../../ui/badge';
import { Sparkline } from '../../../ui/sparkline';
import { Time } from '../../../ui/time';
import styles from '../shared/endpoints.module.css';
import { RowMenu } from './row-menu';

export function useEndpointColumns(): ColumnDef<Subscription>[] {
  return useMemo(
    () => [
      {
        header: 'Endpoint',
        cell: ({ row: { original } }) => (
          <div className={styles.named}>
            <Link to={`/endpoints/${original.id}`} className="truncate">
              {original.name}
            </Link>
            <span className="muted truncate">{original.customerId}</span>
          </div>
        ),
      },
      {
        header: 'URL',
        meta: { grow: true, wide: true },
        cell: ({ row: { original } }) => <code title={original.url}>{original.url}</code>,
      },
      {
        header: 'Event types',
        meta: { wide: true },
        cell: ({ row: { original } }) => <Types names={original.eventTypes} />,
      },
      { header: 'Status', cell: ({ row: { original } }) => <StatusBadge status={original.status} /> },
      {
        header: 'Last 24 hours',
        meta: { wide: true },
        cell: ({ row: { original } }) => original.health && <Sparkline buckets={original.health.buckets} />,
      },
      {
        header: 'Last response',
        meta: { wide: true },
        cell: ({ row: { original } }) => <LastAnswer health={original.health} />,
      },
      {
        id: 'actions',
        header: () => <span className="sr-only">Actions</span>,
        meta: { align: 'end' },
        cell: ({ row: { original } }) => <RowMenu subscription={original} />,
      },
    ],
    [],
  );
}

function Types({ names }: { names: string[] }) {
  return (
    <span title={names.join('\n')} className={styles.typesCell}>
      <code className="truncate">{names[0]}</code>
      {names.length > 1 && <span className="muted">+{names.length - 1}</span>}
    </span>
  );
}

function LastAnswer({ health }: { health: Subscription['health'] }) {
  if (!health) return null;
  const last = health.lastAttempt;
  if (!last) return <span className="muted">none yet</span>;
  return (
    <span className="row-nowrap">
      <ResponseBadge status={last.responseStatus} errorClass={last.errorClass} />
      <span className="muted">
        <Time at={last.at} />
      </span>
    </span>
  );
}
