import { t } from '@lingui/core/macro';
import { Link } from 'react-router';
import { useList } from '../../../../api/lists';
import type { Notification, NotificationStatus, Subscription } from '../../../../api/types';
import { ResponseBadge, StatusBadge } from '../../../../ui/badge';
import type { Column } from '../../../../ui/column';
import { DataTable } from '../../../../ui/data-table';
import { FilterBar, FilterSelect, useFilters } from '../../../../ui/filters';
import { Card } from '../../../../ui/page';
import { Empty } from '../../../../ui/states';
import { statusText } from '../../../../ui/status-text';
import { TimeCell } from '../../../../ui/time';
import { useStableRows } from '../../../shared/use-stable-rows';

const REFRESH_MS = 5000;
const rowId = ({ id }: Notification) => id;
const STATUSES: readonly NotificationStatus[] = [
  'pending',
  'delivering',
  'delivered',
  'retrying',
  'failed',
  'held',
  'cancelled',
];

const columns: Column<Notification>[] = [
  {
    header: t`Event type`,
    grow: true,
    cell: (notification) => <Link to={`/logs?open=${notification.id}`}>{notification.eventType}</Link>,
  },
  {
    header: t`Status`,
    width: 128,
    narrow: 98,
    cell: (notification) => <StatusBadge status={notification.status} />,
  },
  {
    header: t`Last response`,
    wide: true,
    width: 130,
    cell: (notification) => (
      <ResponseBadge status={notification.lastResponseStatus} errorClass={notification.lastError?.class} />
    ),
  },
  {
    header: t`Attempts`,
    wide: true,
    align: 'end',
    width: 90,
    cell: (notification) => notification.attemptCount,
  },
  {
    header: t`Next attempt`,
    roomy: true,
    width: 172,
    narrow: 104,
    cell: (notification) =>
      notification.nextAttemptAt ? <TimeCell at={notification.nextAttemptAt} /> : <span className="muted">–</span>,
  },
  {
    header: t`Accepted`,
    width: 172,
    narrow: 98,
    cell: (notification) => <TimeCell at={notification.createdAt} />,
  },
];

export function NotificationsTab({ subscription }: { subscription: Subscription }) {
  const { values, set } = useFilters('status');
  const path = `/v1/subscriptions/${subscription.id}/notifications`;
  const list = useStableRows(useList<Notification>(path, { status: values.status }, { refetchMs: REFRESH_MS }), {
    view: values.status,
    busy: false,
    rowId,
  });
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
          rowId={rowId}
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
