import type { ColumnDef } from '@tanstack/react-table';
import type { Notification } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { Countdown, Time } from '../../ui/time';

/** The columns of the list of notifications. */
export function notificationColumns(isCustomer: boolean, onOpen: (id: string) => void): ColumnDef<Notification>[] {
  return [
    { header: 'Status', cell: ({ row: { original } }) => <StatusBadge status={original.status} /> },
    {
      header: 'Event type',
      meta: { grow: true },
      cell: ({ row: { original } }) => (
        <>
          <button type="button" className="link-button truncate" onClick={() => onOpen(original.id)}>
            {original.eventType}
          </button>
          <div className="muted truncate">
            {isCustomer ? original.eventId : `${original.customerId} · ${original.eventId}`}
          </div>
        </>
      ),
    },
    { header: 'Attempts', meta: { wide: true, align: 'end' }, cell: ({ row: { original } }) => original.attemptCount },
    { header: 'Last answer', meta: { wide: true }, cell: ({ row: { original } }) => lastAnswer(original) },
    {
      header: 'Next attempt',
      meta: { wide: true },
      cell: ({ row: { original } }) =>
        original.status === 'retrying' && original.nextAttemptAt ? <Countdown until={original.nextAttemptAt} /> : '',
    },
    { header: 'Accepted', cell: ({ row: { original } }) => <Time at={original.createdAt} /> },
  ];
}

function lastAnswer({ attemptCount, lastError, lastResponseStatus }: Notification): string {
  if (attemptCount === 0) return '';
  return lastError?.message ?? `HTTP ${lastResponseStatus}`;
}
