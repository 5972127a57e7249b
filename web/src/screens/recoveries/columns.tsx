import type { ColumnDef } from '@tanstack/react-table';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import type { Recovery } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';
import { Time, utc } from '../../ui/time';
import { EndpointName } from '../shared/endpoint-name';
import { Progress } from './progress';

/** @param manageEndpoints - whether the user may cancel running recoveries */
export function recoveryColumns(manageEndpoints: boolean): ColumnDef<Recovery>[] {
  const columns: ColumnDef<Recovery>[] = [
    { header: 'Endpoint', cell: ({ row: { original } }) => <EndpointName id={original.subscriptionId} /> },
    { header: 'Status', cell: ({ row: { original } }) => <StatusBadge status={original.status} /> },
    { header: 'Progress', meta: { grow: true }, cell: ({ row: { original } }) => <Progress recovery={original} /> },
    {
      header: 'Rate',
      meta: { wide: true, align: 'end' },
      cell: ({ row: { original } }) => `${original.ratePerSecond.toLocaleString('en')} / s`,
    },
    {
      header: 'Accepted between',
      meta: { wide: true },
      cell: ({ row: { original } }) => (
        <span className="num" title={`${utc(original.since)} to ${utc(original.until)}`}>
          {toMinute(original.since)} – {toMinute(original.until)}
        </span>
      ),
    },
    { header: 'Started', meta: { wide: true }, cell: ({ row: { original } }) => <Time at={original.createdAt} /> },
  ];
  if (!manageEndpoints) return columns;
  return [
    ...columns,
    {
      id: 'actions',
      header: () => <span className="sr-only">Actions</span>,
      meta: { align: 'end' },
      cell: ({ row: { original } }) => original.status === 'running' && <Cancel recovery={original} />,
    },
  ];
}

/** Formats a UTC time as `11-23 14:05`. */
const toMinute = (at: string) => `${at.slice(5, 10)} ${at.slice(11, 16)}`;

function Cancel({ recovery: { id, retried, total } }: { recovery: Recovery }) {
  const cancel = useAction(() => api.post(at`/v1/recoveries/${id}/cancel`), {
    done: 'Recovery cancelled',
    invalidate: ['/v1/recoveries'],
  });
  return (
    <Confirm
      trigger={<Button small>Cancel</Button>}
      title="Cancel this recovery?"
      action="Cancel recovery"
      dismiss="Keep it running"
      onConfirm={() => cancel.mutateAsync()}
    >
      <p>
        {retried} of {total} notifications have been retried and continue. The rest stay failed until you retry them.
      </p>
    </Confirm>
  );
}
