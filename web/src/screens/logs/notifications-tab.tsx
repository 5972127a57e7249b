import { useMemo } from 'react';
import { usePermissions } from '../../api/session';
import type { Notification } from '../../api/types';
import { ListTools } from '../../lists/list-tools';
import { useColumns } from '../../lists/use-columns';
import { useDrawer, useFilters } from '../../ui/filters';
import { usePeriod } from '../shared/period-filter';
import { notificationColumns } from './columns';
import { FILTERS, NotificationFilters } from './notification-filters';
import { NotificationList } from './notification-list';

/** Of an exported file. */
const FIELDS = [
  'id',
  'status',
  'eventType',
  'eventId',
  'customerId',
  'productId',
  'subscriptionId',
  'attemptCount',
  'lastResponseStatus',
  'lastError',
  'createdAt',
  'nextAttemptAt',
  'deliveredAt',
  'finishedAt',
  'workflowId',
] as const satisfies (keyof Notification)[];

/** The notifications, with a drawer for one of them. */
export function NotificationsTab() {
  const { isCustomer } = usePermissions();
  const filters = useFilters(...FILTERS);
  const drawer = useDrawer('open');
  const { period, since, until, ...chosen } = filters.values;
  const query = { ...chosen, ...usePeriod({ period, since, until }) };
  const all = useMemo(() => notificationColumns(isCustomer, drawer.show), [isCustomer, drawer.show]);
  const { columns, choice } = useColumns('notifications', all);
  return (
    <>
      <NotificationFilters filters={filters}>
        <ListTools
          list="notifications"
          columns={choice}
          source={{ path: '/v1/notifications', query, fields: FIELDS }}
        />
      </NotificationFilters>
      <NotificationList filters={filters} query={query} columns={columns} drawer={drawer} />
    </>
  );
}
