import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import type { ColumnDef } from '@tanstack/react-table';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import type { Recovery } from '../../api/types';
import { formatNumber } from '../../i18n/i18n';
import { StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/dialog';
import { TimeCell } from '../../ui/time';
import { shortTime } from '../../ui/zone';
import { EndpointText } from '../shared/endpoint-name';
import { describeFilter } from './outcomes';
import { Progress } from './progress';

/**
 * @param manageEndpoints - whether the user may cancel running recoveries
 * @param onOpen - opens a recovery
 */
export function recoveryColumns(manageEndpoints: boolean, onOpen: (id: string) => void): ColumnDef<Recovery>[] {
  const columns: ColumnDef<Recovery>[] = [
    {
      header: t`For`,
      meta: { width: 180, narrow: 120 },
      cell: ({ row: { original } }) => (
        <button type="button" className="link-button truncate" onClick={() => onOpen(original.id)}>
          {original.subscriptionId === null ? describeFilter(original) : <EndpointText id={original.subscriptionId} />}
        </button>
      ),
    },
    {
      header: t`Status`,
      meta: { wide: true, width: 130 },
      cell: ({ row: { original } }) => <StatusBadge status={original.status} />,
    },
    { header: t`Progress`, meta: { grow: true }, cell: ({ row: { original } }) => <Progress recovery={original} /> },
    {
      header: t`Rate`,
      meta: { roomy: true, align: 'end', width: 80 },
      cell: ({ row: { original } }) => t`${formatNumber(original.ratePerSecond)} / s`,
    },
    {
      header: t`Accepted between`,
      meta: { wide: true, width: 190 },
      cell: ({ row: { original } }) => (
        <span className="num cell-lines">
          <span>{Date.parse(original.since) === 0 ? t`Any time` : shortTime(original.since)}</span>
          <span className="muted">
            <Trans>until {shortTime(original.until)}</Trans>
          </span>
        </span>
      ),
    },
    {
      header: t`Started`,
      meta: { roomy: true, width: 172, narrow: 104 },
      cell: ({ row: { original } }) => <TimeCell at={original.createdAt} />,
    },
  ];
  if (!manageEndpoints) return columns;
  return [
    ...columns,
    {
      id: 'actions',
      header: () => (
        <span className="sr-only">
          <Trans>Actions</Trans>
        </span>
      ),
      meta: { align: 'end', width: 90 },
      cell: ({ row: { original } }) => <Cancel recovery={original} />,
    },
  ];
}

function Cancel({ recovery: { id, status, retried, total, action } }: { recovery: Recovery }) {
  const cancel = useAction(() => api.post(at`/v1/recoveries/${id}/cancel`), {
    done: t`Recovery cancelled`,
    invalidate: ['/v1/recoveries'],
  });
  return (
    <Confirm
      // A question that is open stays when the recovery ends: the next click is meant for it.
      trigger={
        status === 'running' && (
          <Button small>
            <Trans>Cancel</Trans>
          </Button>
        )
      }
      title={t`Cancel this recovery?`}
      action={t`Cancel recovery`}
      dismiss={t`Keep it running`}
      onConfirm={() => cancel.mutateAsync()}
    >
      <p>
        {action === 'cancel'
          ? t`${retried} of ${total} notifications have been cancelled. The rest stay as they are.`
          : t`${retried} of ${total} notifications have been retried and continue. The rest stay as they are.`}
      </p>
    </Confirm>
  );
}
