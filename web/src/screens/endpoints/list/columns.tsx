import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { usePermissions } from '../../../api/session';
import type { Subscription } from '../../../api/types';
import { ResponseBadge, StatusBadge } from '../../../ui/badge';
import type { Column } from '../../../ui/column';
import { ResponseTime, SuccessRate } from '../../../ui/figures';
import { Sparkline } from '../../../ui/sparkline';
import { Time } from '../../../ui/time';
import { shortUrl } from '../../shared/short-url';
import styles from '../shared/endpoints.module.css';
import { RowMenu, type RowAction } from './row-menu';

/** @param onAction - stays the same function */
export function useEndpointColumns(
  onAction: (action: RowAction, subscription: Subscription) => void,
): Column<Subscription>[] {
  const { isCustomer } = usePermissions();
  return useMemo(
    () => [
      {
        header: t`Endpoint`,
        grow: true,
        sorts: ['name'],
        cell: (endpoint) => (
          <div className={styles.named}>
            <Link to={`/endpoints/${endpoint.id}`} className="truncate">
              {endpoint.name}
            </Link>
            <span className="muted truncate" title={endpoint.url}>
              {isCustomer ? '' : `${endpoint.customerId} · `}
              <code>{shortUrl(endpoint.url)}</code>
            </span>
          </div>
        ),
      },
      {
        header: t`Event types`,
        spacious: true,
        width: 170,
        cell: (endpoint) => <Types names={endpoint.eventTypes} />,
      },
      {
        header: t`Status`,
        width: 192,
        narrow: 172,
        cell: (endpoint) => <StatusBadge status={endpoint.status} />,
      },
      {
        header: t`Last 24 hours`,
        roomy: true,
        width: 128,
        cell: (endpoint) => endpoint.health && <Sparkline buckets={endpoint.health.buckets} />,
      },
      {
        header: t`Success 24 h`,
        wide: true,
        align: 'end',
        width: 136,
        sorts: ['success-rate', '-success-rate'],
        cell: (endpoint) => <SuccessRate rate={endpoint.statistics?.successRate ?? null} />,
      },
      {
        header: t`p95 24 h`,
        wide: true,
        align: 'end',
        width: 104,
        sorts: ['-p95', 'p95'],
        cell: (endpoint) => <ResponseTime ms={endpoint.statistics?.p95Ms ?? null} />,
      },
      {
        header: t`Last response`,
        roomy: true,
        width: 124,
        cell: (endpoint) => <LastAnswer health={endpoint.health} />,
      },
      {
        align: 'end',
        width: 52,
        narrow: 44,
        cell: (endpoint) => <RowMenu subscription={endpoint} onAction={onAction} />,
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
