import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import type { ColumnDef } from '@tanstack/react-table';
import type { Notification } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { Countdown, Time, TimeCell } from '../../ui/time';
import { EndpointName, EndpointText } from '../shared/endpoint-name';
import styles from './columns.module.css';

export function notificationColumns(isCustomer: boolean, onOpen: (id: string) => void): ColumnDef<Notification>[] {
  return [
    {
      header: t`Status`,
      meta: { width: 126, narrow: 118 },
      cell: ({ row: { original } }) => <StatusBadge status={original.status} />,
    },
    {
      header: t`Event type`,
      meta: { grow: true },
      cell: ({ row: { original } }) => (
        <div className={styles.named}>
          <button type="button" className="link-button truncate" onClick={() => onOpen(original.id)}>
            {original.eventType}
          </button>
          <span className={`muted truncate ${styles.wide}`}>
            {isCustomer ? original.eventId : `${original.customerId} · ${original.eventId}`}
          </span>
          <span className={`muted truncate ${styles.narrow}`}>
            <Time at={original.createdAt} /> · <EndpointText id={original.subscriptionId} />
            {!isCustomer && ` · ${original.customerId}`}
          </span>
        </div>
      ),
    },
    {
      header: t`Endpoint`,
      meta: { wide: true, width: 150 },
      cell: ({ row: { original } }) => <EndpointName id={original.subscriptionId} />,
    },
    {
      header: t`Result`,
      meta: { roomy: true, width: 176 },
      cell: ({ row: { original } }) => <Result notification={original} />,
    },
    {
      header: t`Accepted`,
      meta: { wide: true, width: 172 },
      cell: ({ row: { original } }) => <TimeCell at={original.createdAt} />,
    },
  ];
}

/** The last response or error, and how many attempts that took or when the next one is. */
function Result({ notification }: { notification: Notification }) {
  const { attemptCount, lastError, lastResponseStatus, status, nextAttemptAt } = notification;
  if (attemptCount === 0) return null;
  const text = lastError?.message ?? `HTTP ${lastResponseStatus}`;
  return (
    <span className="cell-lines" title={text}>
      <span className={lastError ? 'text-bad' : undefined}>{text}</span>
      <span className="muted">
        {plural(attemptCount, { one: '# attempt', other: '# attempts' })}
        {status === 'retrying' && nextAttemptAt && (
          <>
            {', '}
            <Trans>
              next <Countdown inSentence until={nextAttemptAt} />
            </Trans>
          </>
        )}
      </span>
    </span>
  );
}
