import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Plus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { useList } from '../../api/lists';
import { usePermissions } from '../../api/session';
import type { Customer, Product } from '../../api/types';
import { Button } from '../../ui/button';
import type { Column } from '../../ui/column';
import { DataTable } from '../../ui/data-table';
import { FilterBar, SearchBox, useFilters } from '../../ui/filters';
import { Card, PageHead } from '../../ui/page';
import { Empty, NoMatch } from '../../ui/states';
import { formatSchedule, TimeCell } from '../../ui/time';
import { SegmentFilter } from '../shared/segment-filter';
import { CustomerDialog } from './customer-dialog';
import { ProductName, useProducts } from '../shared/use-products';

const columnsOf = (products: readonly Product[]): Column<Customer>[] => [
  {
    header: t`Customer`,
    grow: true,
    cell: (customer) => (
      <>
        <Link to={`/customers/${encodeURIComponent(customer.id)}`} className="truncate">
          {customer.name}
        </Link>
        <div className="muted truncate">{customer.id}</div>
      </>
    ),
  },
  {
    header: t`Product`,
    width: 160,
    narrow: 120,
    cell: (customer) =>
      customer.productId ? (
        <ProductName products={products} id={customer.productId} />
      ) : (
        <span className="muted">
          <Trans>shared by all products</Trans>
        </span>
      ),
  },
  {
    header: t`Retries`,
    wide: true,
    width: 260,
    cell: (customer) => formatSchedule(customer.retrySchedule),
  },
  {
    header: t`Created`,
    wide: true,
    width: 172,
    narrow: 104,
    cell: (customer) => <TimeCell at={customer.createdAt} />,
  },
];

export function Customers() {
  const { write } = usePermissions();
  const { values, set, clear, active } = useFilters('q', 'segment');
  // Read for the filter by segment.
  const products = useProducts();
  const columns = useMemo(() => columnsOf(products), [products]);
  const list = useList<Customer>('/v1/customers', values);
  const [creating, setCreating] = useState(false);
  return (
    <>
      <PageHead title={t`Customers`}>
        {write && (
          <Button variant="primary" icon={Plus} onClick={() => setCreating(true)}>
            <Trans>New customer</Trans>
          </Button>
        )}
      </PageHead>
      <FilterBar>
        <SearchBox
          label={t`Search customers`}
          placeholder={t`Name or ID`}
          value={values.q}
          onChange={(q) => set({ q })}
        />
        <SegmentFilter value={values.segment} onChange={(segment) => set({ segment })} />
      </FilterBar>
      <Card flush>
        <DataTable
          label={t`Customers`}
          list={list}
          columns={columns}
          rowId={({ id }) => id}
          empty={
            active ? (
              <NoMatch title={t`No customers match these filters`} onClear={clear} />
            ) : (
              <Empty title={t`No customers yet`}>
                <Trans>A customer has endpoints, and a default retry schedule for them.</Trans>
              </Empty>
            )
          }
        />
      </Card>
      {creating && <CustomerDialog onClose={() => setCreating(false)} />}
    </>
  );
}
