import type { RowSelectionState } from '@tanstack/react-table';
import { useState } from 'react';
import { useList } from '../../api/queries';
import { useMay } from '../../api/session';
import type { Notification } from '../../api/types';
import { DataTable } from '../../ui/data-table';
import { FilterBar, FilterSelect, SearchBox, useFilters } from '../../ui/filters';
import { Card } from '../../ui/page';
import { Empty } from '../../ui/states';
import { CustomerFilter, EndpointFilter, TypeFilter } from '../shared/entity-filters';
import { PERIODS, usePeriodStart } from '../shared/use-period';
import { BulkBar } from './bulk-bar';
import { notificationColumns } from './columns';
import { NotificationDrawer } from './notification-drawer';
import { StatusFilter } from './status-filter';

const REFRESH_MS = 5000;
/** A list that one has scrolled far down in is not read anew from its start every few seconds. */
const REFRESH_UP_TO = 150;

/** Notifications with filters that live in the address bar, and a drawer with all about one of them. */
export function NotificationsTab() {
  const { isCustomer, steer } = useMay();
  const { values, set, active } = useFilters('q', 'status', 'type', 'customerId', 'subscriptionId', 'period', 'open');
  const { open, period, ...query } = values;
  const since = usePeriodStart(period);
  const [loaded, setLoaded] = useState(0);
  const list = useList<Notification>(
    '/v1/notifications',
    { ...query, since },
    { refetchMs: loaded > REFRESH_UP_TO ? undefined : REFRESH_MS },
  );
  if (list.rows.length !== loaded) setLoaded(list.rows.length);
  const [selection, setSelection] = useState<RowSelectionState>({});
  const selected = list.rows.filter(({ id }) => selection[id]);
  const narrowed = active && Object.entries(values).some(([name, value]) => name !== 'open' && value !== '');
  return (
    <>
      <FilterBar>
        <SearchBox
          label="Search"
          placeholder="Notification or event id"
          value={values.q}
          onChange={(q) => set({ q })}
        />
        <TypeFilter value={values.type} onChange={(type) => set({ type })} />
        {!isCustomer && <CustomerFilter value={values.customerId} onChange={(customerId) => set({ customerId })} />}
        <FilterSelect
          label="Accepted"
          value={period}
          all="At any time"
          options={PERIODS}
          onChange={(chosen) => set({ period: chosen })}
        />
        <EndpointFilter value={values.subscriptionId} onChange={(subscriptionId) => set({ subscriptionId })} />
        <StatusFilter value={values.status} onChange={(status) => set({ status })} />
      </FilterBar>
      {steer && selected.length > 0 && <BulkBar selected={selected} onDone={() => setSelection({})} />}
      <Card flush>
        <DataTable
          label="Notifications"
          list={list}
          columns={notificationColumns(isCustomer, (id) => set({ open: id }))}
          rowId={({ id }) => id}
          onOpen={({ id }) => set({ open: id })}
          selection={steer ? selection : undefined}
          onSelection={steer ? setSelection : undefined}
          empty={
            narrowed ? (
              <Empty title="Nothing is like that">Take a filter back to see more.</Empty>
            ) : (
              <Empty title="Nothing was sent yet">A notification is made for each endpoint that an event is for.</Empty>
            )
          }
        />
      </Card>
      <NotificationDrawer id={open || null} onClose={() => set({ open: '' })} />
    </>
  );
}
