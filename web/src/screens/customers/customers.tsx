import type { ColumnDef } from '@tanstack/react-table';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { useList } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { Customer } from '../../api/types';
import { Button } from '../../ui/button';
import { DataTable } from '../../ui/data-table';
import { FilterBar, SearchBox, useFilters } from '../../ui/filters';
import { Card, PageHead } from '../../ui/page';
import { Empty } from '../../ui/states';
import { formatSchedule, TimeCell } from '../../ui/time';
import { SegmentFilter } from '../shared/entity-filters';
import { CustomerDialog } from './customer-dialog';

const columns: ColumnDef<Customer>[] = [
  {
    header: 'Customer',
    meta: { grow: true },
    cell: ({ row: { original } }) => (
      <>
        <Link to={`/customers/${encodeURIComponent(original.id)}`} className="truncate">
          {original.name}
        </Link>
        <div className="muted truncate">{original.id}</div>
      </>
    ),
  },
  {
    header: 'Product',
    meta: { width: 160, narrow: 120 },
    cell: ({ row: { original } }) => original.productId ?? <span className="muted">shared by all products</span>,
  },
  {
    header: 'Retries',
    meta: { wide: true, width: 260 },
    cell: ({ row: { original } }) => formatSchedule(original.retrySchedule),
  },
  {
    header: 'Created',
    meta: { wide: true, width: 172, narrow: 104 },
    cell: ({ row: { original } }) => <TimeCell at={original.createdAt} />,
  },
];

export function Customers() {
  const { write } = usePermissions();
  const { values, set, active } = useFilters('q', 'segment');
  const list = useList<Customer>('/v1/customers', values);
  const [creating, setCreating] = useState(false);
  return (
    <>
      <PageHead title="Customers">
        {write && (
          <Button variant="primary" icon={Plus} onClick={() => setCreating(true)}>
            New customer
          </Button>
        )}
      </PageHead>
      <FilterBar>
        <SearchBox label="Search customers" placeholder="Name or ID" value={values.q} onChange={(q) => set({ q })} />
        <SegmentFilter value={values.segment} onChange={(segment) => set({ segment })} />
      </FilterBar>
      <Card flush>
        <DataTable
          label="Customers"
          list={list}
          columns={columns}
          rowId={({ id }) => id}
          empty={
            active ? (
              <Empty title="No customers match these filters" />
            ) : (
              <Empty title="No customers yet">A customer has endpoints, and a default retry schedule for them.</Empty>
            )
          }
        />
      </Card>
      {creating && <CustomerDialog onClose={() => setCreating(false)} />}
    </>
  );
}
