import type { ColumnDef } from '@tanstack/react-table';
import type { Notification } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { Countdown, Time } from '../../ui/time';
import { EndpointName } from '../shared/endpoint-name';
import styles from './columns.module.css';

export function notificationColumns(isCustomer: boolean, onOpen: (id: string) => void): ColumnDef<Notification>[] {
  return [
    { header: 'Status', cell: ({ row: { original } }) => <StatusBadge status={original.status} /> },
    {
      header: 'Event type',
      meta: { grow: true },
      cell: ({ row: { original } }) => (
        <div className={styles.named}>
          <button type="button" className="link-button truncate" onClick={() => onOpen(original.id)}>
            {original.eventType}
          </button>
          <span className={`muted truncate ${styles.wide}`}>
            {isCustomer ? original.eventId : `${original.customerId} · ${original.eventId}`}
          </span>
          <span className={`muted ${styles.narrow}`}>
            <Time at={original.createdAt} />
          </span>
        </div>
      ),
    },
    {
      header: 'Endpoint',
      meta: { wide: true },
      cell: ({ row: { original } }) => <EndpointName id={original.subscriptionId} />,
    },
    { header: 'Attempts', meta: { wide: true, align: 'end' }, cell: ({ row: { original } }) => original.attemptCount },
    {
      header: 'Last response',
      meta: { wide: true },
      cell: ({ row: { original } }) => <LastAnswer notification={original} />,
    },
    {
      header: 'Next attempt',
      meta: { wide: true },
      cell: ({ row: { original } }) =>
        original.status === 'retrying' && original.nextAttemptAt ? <Countdown until={original.nextAttemptAt} /> : '',
    },
    { header: 'Accepted', meta: { wide: true }, cell: ({ row: { original } }) => <Time at={original.createdAt} /> },
  ];
}

function LastAnswer({ notification }: { notification: Notification }) {
  const { attemptCount, lastError, lastResponseStatus } = notification;
  if (attemptCount === 0) return null;
  const text = lastError?.message ?? `HTTP ${lastResponseStatus}`;
  return (
    <span className={`truncate ${styles.answer}`} title={text}>
      {text}
    </span>
  );
}
