import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Link } from 'react-router';
import { at } from '../../api/client';
import { useRead } from '../../api/queries';
import type { Recovery, RecoveryDetail } from '../../api/types';
import { formatNumber } from '../../i18n/i18n';
import { StatusBadge } from '../../ui/badge';
import { statusText } from '../../ui/status-text';
import { OPEN } from '../shared/notification-status';
import { Progress } from './progress';
import styles from './recoveries.module.css';

const POLL_MS = 1500;
/** After its end, until the last of its notifications is closed. */
const WAITING_POLL_MS = 5000;

/** A recovery with its outcomes, kept up to date. */
export function useRecovery(id: string) {
  return useRead<RecoveryDetail>(
    at`/v1/recoveries/${id}`,
    {},
    {
      placeholderData: undefined,
      refetchInterval: ({ state: { data } }) =>
        !data || data.status === 'running' ? POLL_MS : data.outcomes.waiting > 0 ? WAITING_POLL_MS : false,
    },
  );
}

/** The progress of a recovery, and the outcomes of the notifications that it has processed. */
export function RecoveryState({ id, onLeave }: { id: string; onLeave?(): void }) {
  const recovery = useRecovery(id).data;
  const client = useQueryClient();
  const isOver = recovery !== undefined && recovery.status !== 'running' && recovery.outcomes.waiting === 0;
  useEffect(() => {
    // The lists and drawers behind the dialog were read before the notifications changed.
    if (isOver)
      void client.invalidateQueries({
        predicate: ({ queryKey: [path] }) => String(path).startsWith('/v1/notifications'),
      });
  }, [client, isOver]);
  if (!recovery) return null;
  return (
    <div className="stack-s" role="status">
      <div className="row">
        <StatusBadge status={recovery.status} />
        {recovery.status === 'running' && (
          <span>
            <Trans>It continues when you close this.</Trans>
          </span>
        )}
      </div>
      <Progress recovery={recovery} />
      <Outcomes recovery={recovery} onLeave={onLeave} />
    </div>
  );
}

const OUTCOMES = [
  { name: 'delivered', text: t`delivered`, statuses: 'delivered' },
  { name: 'failed', text: t`still failing`, statuses: 'failed' },
  { name: 'waiting', text: t`waiting`, statuses: OPEN.join() },
  { name: 'cancelled', text: t`cancelled`, statuses: 'cancelled' },
] as const;

/** How many are delivered, still failing and waiting, each linked to its list. */
function Outcomes({ recovery: { id, outcomes }, onLeave }: { recovery: RecoveryDetail; onLeave?(): void }) {
  return (
    <ul className={styles.outcomes} aria-label={t`Outcomes`}>
      {OUTCOMES.filter(({ name }) => name !== 'cancelled' || outcomes.cancelled > 0).map(({ name, text, statuses }) => (
        <li key={name} className={styles[name]}>
          {outcomes[name] > 0 ? (
            <Link to={`/logs?recoveryId=${id}&status=${statuses}`} onClick={onLeave}>
              <strong className="num">{formatNumber(outcomes[name])}</strong> {text}
            </Link>
          ) : (
            <span>
              <strong className="num">0</strong> {text}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** What a recovery is for, in words. The name of its endpoint is left to the caller. */
export function describeFilter({ action, filter }: Pick<Recovery, 'action' | 'filter'>): string {
  if (!filter) return '';
  const { customerId, productId, type, status = [], responseStatus, errorClass } = filter;
  const statuses = status.map(statusText).join(', ');
  return [
    action === 'cancel' ? t`Cancel ${statuses}` : t`Retry ${statuses}`,
    customerId && t`customer ${customerId}`,
    !customerId && productId && t`product ${productId}`,
    type?.join(', '),
    responseStatus && `HTTP ${responseStatus}`,
    errorClass && t`error ${errorClass.join(', ')}`,
  ]
    .filter(Boolean)
    .join(' · ');
}
