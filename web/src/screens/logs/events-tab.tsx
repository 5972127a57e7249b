import type { ColumnDef } from '@tanstack/react-table';
import { useList } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { SignpostEvent } from '../../api/types';
import { DataTable } from '../../ui/data-table';
import { FilterBar, useFilters } from '../../ui/filters';
import { Card } from '../../ui/page';
import { Empty } from '../../ui/states';
import { Time } from '../../ui/time';
import { CustomerFilter, TypeFilter } from '../shared/entity-filters';
import { PeriodFilter, usePeriod } from '../shared/period-filter';
import styles from './columns.module.css';
import { EventDrawer } from './event-drawer';

export function EventsTab() {
  const { isCustomer } = usePermissions();
  const { values, set, active } = useFilters('type', 'customerId', 'period', 'since', 'until', 'event');
  const period = usePeriod(values);
  const list = useList<SignpostEvent>('/v1/events', { type: values.type, customerId: values.customerId, ...period });
  return (
    <>
      <FilterBar>
        <TypeFilter value={values.type} onChange={(type) => set({ type })} />
        {!isCustomer && <CustomerFilter value={values.customerId} onChange={(customerId) => set({ customerId })} />}
        <PeriodFilter value={values} onChange={set} />
      </FilterBar>
      <Card flush>
        <DataTable
          label="Events"
          list={list}
          columns={eventColumns((id) => set({ event: id }))}
          rowId={({ id, productId }) => `${productId} ${id}`}
          onOpen={({ id }) => set({ event: id })}
          empty={
            active ? (
              <Empty title="No events match these filters">Remove a filter to see more.</Empty>
            ) : (
              <Empty title="No events yet">Producers send events with POST /v1/events.</Empty>
            )
          }
        />
      </Card>
      <EventDrawer id={values.event || null} onClose={() => set({ event: '' })} />
    </>
  );
}

function eventColumns(onOpen: (id: string) => void): ColumnDef<SignpostEvent>[] {
  return [
    {
      header: 'Event',
      meta: { grow: true },
      cell: ({ row: { original } }) => (
        <div className={styles.named}>
          <button type="button" className="link-button truncate" onClick={() => onOpen(original.id)}>
            {original.type}
          </button>
          <span className="muted truncate">{original.id}</span>
        </div>
      ),
    },
    {
      header: 'Customer',
      meta: { wide: true },
      cell: ({ row: { original } }) =>
        original.customerId ?? <span className="muted">all customers of the product</span>,
    },
    { header: 'Channels', meta: { wide: true }, cell: ({ row: { original } }) => original.channels.join(', ') },
    { header: 'Accepted', cell: ({ row: { original } }) => <Time at={original.acceptedAt} /> },
  ];
}
