import { t } from '@lingui/core/macro';
import type { ColumnDef } from '@tanstack/react-table';
import { Link } from 'react-router';
import { useList } from '../../../../api/queries';
import type { Notification, NotificationStatus, Subscription } from '../../../../api/types';
import { ResponseBadge, StatusBadge } from '../../../../ui/badge';
import { DataTable } from '../../../../ui/data-table';
import { FilterBar, FilterSelect, useFilters } from '../../../../ui/filters';
import { Card } from '../../../../ui/page';
import { Empty } from '../../../../ui/states';
import { statusText } from '../../../../ui/status-text';
import { TimeCell } from '../../../../ui/time';

const REFRESH_MS = 5000;
const STATUSES: readonly NotificationStatus[] = [
  'pending',
  'delivering',
  'delivered',
  'retrying',
  'failed',
  'held',
  'cancelled',
];

const columns: ColumnDef<Notification>[] = [
  {
    header: t`Event type`,
    meta: { grow: true },
    cell: ({ row: { original } }) => <Link to={`/logs?open=${original.id}`}>{original.eventType}</Link>,
  },
  {
    header: t`Status`,
    meta: { width: 128, narrow: 98 },
    cell: ({ row: { original } }) => <StatusBadge status={original.status} />,
  },
  {
    header: t`Last response`,
    meta: { wide: true, width: 130 },
    cell: ({ row: { original } }) => (
      <ResponseBadge status={original.lastResponseStatus} errorClass={original.lastError?.class} />
    ),
  },
  {
    header: t`Attempts`,
    meta: { wide: true, align: 'end', width: 90 },
    cell: ({ row: { original } }) => original.attemptCount,
  },
  {
    header: t`Next attempt`,
    meta: { roomy: true, width: 172, narrow: 104 },
    cell: ({ row: { original } }) =>
      original.nextAttemptAt ? <TimeCell at={original.nextAttemptAt} /> : <span className="muted">–</span>,
  },
  {
    header: t`Accepted`,
    meta: { width: 172, narrow: 98 },
    cell: ({ row: { original } }) => <TimeCell at={original.createdAt} />,
  },
];

export function NotificationsTab({ subscription }: { subscription: Subscription }) {
  const { values, set } = useFilters('status');
  const list = useList<Notification>(
    `/v1/subscriptions/${subscription.id}/notifications`,
    { status: values.status },
    { refetchMs: REFRESH_MS },
  );
  return (
    <>
      <FilterBar>
        <FilterSelect
          label={t`Status`}
          value={values.status}
          onChange={(status) => set({ status })}
          options={STATUSES.map((value) => ({ value, text: statusText(value) }))}
        />
      </FilterBar>
      <Card flush>
        <DataTable
          label={t`Notifications`}
          list={list}
          columns={columns}
          rowId={({ id }) => id}
          empty={
            <Empty title={values.status ? t`No ${statusText(values.status)} notifications` : t`No notifications yet`}>
              {values.status ? t`Choose another status, or All.` : t`Trigger the endpoint to send a sample.`}
            </Empty>
          }
        />
      </Card>
    </>
  );
}
