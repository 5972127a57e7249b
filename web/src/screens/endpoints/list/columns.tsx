import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import type { ColumnDef } from '@tanstack/react-table';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { usePermissions } from '../../../api/session';
import type { Subscription } from '../../../api/types';
import { ResponseBadge, StatusBadge } from '../../../ui/badge';
import { ResponseTime, SuccessRate } from '../../../ui/figures';
import { Sparkline } from '../../../ui/sparkline';
import { Time } from '../../../ui/time';
import { shortUrl } from '../../shared/short-url';
import styles from '../shared/endpoints.module.css';
import { RowMenu, type RowAction } from './row-menu';

/** @param onAction - stays the same function */
export function useEndpointColumns(
  onAction: (action: RowAction, subscription: Subscription) => void,
): ColumnDef<Subscription>[] {
  const { isCustomer } = usePermissions();
  return useMemo(
    () => [
      {
        header: t`Endpoint`,
        meta: { grow: true, sorts: ['name'] },
        cell: ({ row: { original } }) => (
          <div className={styles.named}>
            <Link to={`/endpoints/${original.id}`} className="truncate">
              {original.name}
            </Link>
            <span className="muted truncate" title={original.url}>
              {isCustomer ? '' : `${original.customerId} · `}
              <code>{shortUrl(original.url)}</code>
            </span>
          </div>
        ),
      },
      {
        header: t`Event types`,
        meta: { spacious: true, width: 170 },
        cell: ({ row: { original } }) => <Types names={original.eventTypes} />,
      },
      {
        header: t`Status`,
        meta: { width: 192, narrow: 160 },
        cell: ({ row: { original } }) => <StatusBadge status={original.status} />,
      },
      {
        header: t`Last 24 hours`,
        meta: { roomy: true, width: 128 },
        cell: ({ row: { original } }) => original.health && <Sparkline buckets={original.health.buckets} />,
      },
      {
        header: t`Success 24 h`,
        meta: { wide: true, align: 'end', width: 136, sorts: ['success-rate', '-success-rate'] },
        cell: ({ row: { original } }) => <SuccessRate rate={original.statistics?.successRate ?? null} />,
      },
      {
        header: t`p95 24 h`,
        meta: { wide: true, align: 'end', width: 104, sorts: ['-p95', 'p95'] },
        cell: ({ row: { original } }) => <ResponseTime ms={original.statistics?.p95Ms ?? null} />,
      },
      {
        header: t`Last response`,
        meta: { roomy: true, width: 124 },
        cell: ({ row: { original } }) => <LastAnswer health={original.health} />,
      },
      {
        id: 'actions',
        header: () => (
          <span className="sr-only">
            <Trans>Actions</Trans>
          </span>
        ),
        meta: { align: 'end', width: 52, narrow: 44 },
        cell: ({ row: { original } }) => <RowMenu subscription={original} onAction={onAction} />,
      },
    ],
    [isCustomer, onAction],
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
  if (!last)
    return (
      <span className="muted">
        <Trans>none yet</Trans>
      </span>
    );
  return (
    <span className={styles.lastAnswer}>
      <ResponseBadge status={last.responseStatus} errorClass={last.errorClass} />
      <span className="muted">
        <Time at={last.at} />
      </span>
    </span>
  );
}
