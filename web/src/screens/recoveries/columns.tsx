import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import type { Recovery } from '../../api/types';
import { formatNumber } from '../../i18n/i18n';
import { StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import type { Column } from '../../ui/column';
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
export function recoveryColumns(manageEndpoints: boolean, onOpen: (id: string) => void): Column<Recovery>[] {
  const columns: Column<Recovery>[] = [
    {
      header: t`For`,
      width: 180,
      narrow: 120,
      cell: (recovery) => (
        <button type="button" className="link-button truncate" onClick={() => onOpen(recovery.id)}>
          {recovery.subscriptionId === null ? describeFilter(recovery) : <EndpointText id={recovery.subscriptionId} />}
        </button>
      ),
    },
    {
      header: t`Status`,
      wide: true,
      width: 130,
      cell: (recovery) => <StatusBadge status={recovery.status} />,
    },
    { header: t`Progress`, grow: true, cell: (recovery) => <Progress recovery={recovery} /> },
    {
      header: t`Rate`,
      roomy: true,
      align: 'end',
      width: 80,
      cell: (recovery) => t`${formatNumber(recovery.ratePerSecond)} / s`,
    },
    {
      header: t`Accepted between`,
      wide: true,
      width: 190,
      cell: (recovery) => (
        <span className="num cell-lines">
          <span>{Date.parse(recovery.since) === 0 ? t`Any time` : shortTime(recovery.since)}</span>
          <span className="muted">
            <Trans>until {shortTime(recovery.until)}</Trans>
          </span>
        </span>
      ),
    },
    {
      header: t`Started`,
      roomy: true,
      width: 172,
      narrow: 104,
      cell: (recovery) => <TimeCell at={recovery.createdAt} />,
    },
  ];
  if (!manageEndpoints) return columns;
  return [
    ...columns,
    {
      align: 'end',
      width: 90,
      cell: (recovery) => <Cancel recovery={recovery} />,
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
