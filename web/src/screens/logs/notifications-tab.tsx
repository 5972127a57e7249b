import type { RowSelectionState } from '@tanstack/react-table';
import { ArrowUp } from 'lucide-react';
import { useState } from 'react';
import { useList } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { Notification } from '../../api/types';
import { Button } from '../../ui/button';
import { DataTable } from '../../ui/data-table';
import { useFilters } from '../../ui/filters';
import { Card } from '../../ui/page';
import { Empty } from '../../ui/states';
import { usePeriod } from '../shared/period-filter';
import { useStableRows } from '../shared/use-stable-rows';
import { BulkBar } from './bulk-bar';
import { notificationColumns } from './columns';
import { NotificationDrawer } from './notification-drawer';
import { FILTERS, NO_FILTER, NotificationFilters } from './notification-filters';

const REFRESH_MS = 3000;
/** A refetch reads every loaded page again, so a list longer than this is no longer polled. */
const REFRESH_UP_TO = 150;

/** The notification list, with a drawer for one notification. */
export function NotificationsTab() {
  const { isCustomer, manageEndpoints } = usePermissions();
  const filters = useFilters(...FILTERS);
  const { values, set: setOpen } = useFilters('open');
  const { period, since, until, ...query } = filters.values;
  const span = usePeriod({ period, since, until });
  const [loaded, setLoaded] = useState(0);
  const list = useList<Notification>(
    '/v1/notifications',
    { ...query, ...span },
    { refetchMs: loaded > REFRESH_UP_TO ? undefined : REFRESH_MS },
  );
  if (list.rows.length !== loaded) setLoaded(list.rows.length);

  const [selection, setSelection] = useState<RowSelectionState>({});
  const selected = list.rows.filter(({ id }) => selection[id]);
  const view = JSON.stringify(filters.values);
  const { shown, newer, showNewer } = useStableRows(list.rows, view, selected.length > 0 || values.open !== '');

  return (
    <>
      <NotificationFilters filters={filters} />
      {newer > 0 && (
        <p role="status">
          <Button
            small
            icon={ArrowUp}
            onClick={() => {
              showNewer();
              window.scrollTo({ top: 0 });
            }}
          >
            Show {newer} new
          </Button>
        </p>
      )}
      {manageEndpoints && <BulkBar selected={selected} onDone={() => setSelection({})} />}
      <Card flush>
        <DataTable
          label="Notifications"
          list={{ ...list, rows: shown }}
          columns={notificationColumns(isCustomer, (id) => setOpen({ open: id }))}
          rowId={({ id }) => id}
          onOpen={({ id }) => setOpen({ open: id })}
          selection={manageEndpoints ? selection : undefined}
          onSelection={manageEndpoints ? setSelection : undefined}
          empty={
            filters.active ? (
              <Empty title="No notifications match these filters">
                <Button onClick={() => filters.set(NO_FILTER)}>Clear filters</Button>
              </Empty>
            ) : (
              <Empty title="No notifications yet">Each event creates one notification per matching endpoint.</Empty>
            )
          }
        />
      </Card>
      <NotificationDrawer id={values.open || null} onClose={() => setOpen({ open: '' })} />
    </>
  );
}
