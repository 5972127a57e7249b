import type { ColumnDef } from '@tanstack/react-table';
import { useList } from '../../api/queries';
import { useMay } from '../../api/session';
import type { SignpostEvent } from '../../api/types';
import { DataTable } from '../../ui/data-table';
import { FilterBar, FilterSelect, useFilters } from '../../ui/filters';
import { Card } from '../../ui/page';
import { Empty } from '../../ui/states';
import { Time } from '../../ui/time';
import { CustomerFilter, TypeFilter } from '../shared/entity-filters';
import { PERIODS, usePeriodStart } from '../shared/use-period';
import { EventDrawer } from './event-drawer';

/** What producers posted. */
export function EventsTab() {
  const { isCustomer } = useMay();
  const { values, set } = useFilters('type', 'customerId', 'period', 'event');
  const since = usePeriodStart(values.period);
  const list = useList<SignpostEvent>('/v1/events', { type: values.type, customerId: values.customerId, since });
  return (
    <>
      <FilterBar>
        <TypeFilter value={values.type} onChange={(type) => set({ type })} />
        {!isCustomer && <CustomerFilter value={values.customerId} onChange={(customerId) => set({ customerId })} />}
        <FilterSelect
          label="Accepted"
          value={values.period}
          all="At any time"
          options={PERIODS}
          onChange={(period) => set({ period })}
        />
      </FilterBar>
      <Card flush>
        <DataTable
          label="Events"
          list={list}
          columns={columns((id) => set({ event: id }))}
          rowId={({ id, productId }) => `${productId} ${id}`}
          onOpen={({ id }) => set({ event: id })}
          empty={<Empty title="No event is like that">Events are posted to POST /v1/events.</Empty>}
        />
      </Card>
      <EventDrawer id={values.event || null} onClose={() => set({ event: '' })} />
    </>
  );
}

function columns(onOpen: (id: string) => void): ColumnDef<SignpostEvent>[] {
  return [
    {
      header: 'Event',
      meta: { grow: true },
      cell: ({ row: { original } }) => (
        <>
          <button type="button" className="link-button truncate" onClick={() => onOpen(original.id)}>
            {original.type}
          </button>
          <div className="muted truncate">{original.id}</div>
        </>
      ),
    },
    {
      header: 'Customer',
      meta: { wide: true },
      cell: ({ row: { original } }) => original.customerId ?? <span className="muted">all of the product</span>,
    },
    { header: 'Channels', meta: { wide: true }, cell: ({ row: { original } }) => original.channels.join(', ') },
    { header: 'Accepted', cell: ({ row: { original } }) => <Time at={original.acceptedAt} /> },
  ];
}
