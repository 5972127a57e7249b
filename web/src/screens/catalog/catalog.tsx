import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Download, Plus, Upload } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { useList } from '../../api/lists';
import { useChoices } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { EventType, Product } from '../../api/types';
import { Badge } from '../../ui/badge';
import { Button } from '../../ui/button';
import type { Column } from '../../ui/column';
import { DataTable } from '../../ui/data-table';
import { FilterBar, FilterSelect, SearchBox, useFilters } from '../../ui/filters';
import { Card, PageHead } from '../../ui/page';
import { Empty, NoMatch } from '../../ui/states';
import { TimeCell } from '../../ui/time';
import { ProductName } from '../shared/use-products';
import { EventTypeDialog } from './event-type-dialog';
import { exportCatalog } from './export';
import { fieldsOf } from './fields';
import { ImportDialog } from './import-dialog';

const ARCHIVED = [
  { value: '', text: t`Active` },
  { value: 'true', text: t`Archived` },
];

const columnsOf = (products: readonly Product[], isCustomer: boolean): Column<EventType>[] => [
  {
    header: t`Event type`,
    grow: true,
    cell: (eventType) => (
      <>
        <Link to={`/catalog/${encodeURIComponent(eventType.name)}`} className="truncate">
          {eventType.name}
        </Link>
        <div className="muted truncate">{eventType.description}</div>
      </>
    ),
  },
  // Customers read no products, and have one.
  ...(isCustomer
    ? []
    : [
        {
          header: t`Product`,
          wide: true,
          width: 190,
          cell: (eventType: EventType) => <ProductName products={products} id={eventType.productId} />,
        },
      ]),
  {
    header: t`Fields`,
    wide: true,
    align: 'end',
    width: 84,
    cell: (eventType) =>
      eventType.schema ? (
        fieldsOf(eventType.schema).length
      ) : (
        <span className="muted">
          <Trans>any</Trans>
        </span>
      ),
  },
  {
    header: t`Updated`,
    width: 172,
    narrow: 104,
    cell: (eventType) =>
      eventType.archived ? (
        <Badge>
          <Trans>archived</Trans>
        </Badge>
      ) : (
        <TimeCell at={eventType.modifiedAt} />
      ),
  },
];

/** The list of event types, sorted by name. */
export function Catalog() {
  const { write, isCustomer } = usePermissions();
  const { values, set, clear, active } = useFilters('q', 'productId', 'archived');
  const query = { ...values, archived: values.archived || 'false' };
  const list = useList<EventType>('/v1/event-types', query);
  const products = useChoices<Product>('/v1/products', {}, !isCustomer);
  const columns = useMemo(() => columnsOf(products, isCustomer), [products, isCustomer]);
  const [dialog, setDialog] = useState<'new' | 'import' | null>(null);
  return (
    <>
      <PageHead title={t`Event catalog`} sub={t`Event types that endpoints can subscribe to.`}>
        <Button icon={Download} onClick={() => void exportCatalog(query)}>
          <Trans>Export</Trans>
        </Button>
        {write && (
          <>
            <Button icon={Upload} onClick={() => setDialog('import')}>
              <Trans>Import</Trans>
            </Button>
            <Button variant="primary" icon={Plus} onClick={() => setDialog('new')}>
              <Trans>New event type</Trans>
            </Button>
          </>
        )}
      </PageHead>
      <FilterBar>
        <SearchBox
          label={t`Search the catalog`}
          placeholder={t`Name or description`}
          value={values.q}
          onChange={(q) => set({ q })}
        />
        {products.length > 1 && (
          <FilterSelect
            label={t`Product`}
            value={values.productId}
            onChange={(productId) => set({ productId })}
            options={products.map(({ id, name }) => ({ value: id, text: name }))}
          />
        )}
        <FilterSelect
          label={t`Status`}
          all={null}
          value={values.archived}
          onChange={(archived) => set({ archived })}
          options={ARCHIVED}
        />
      </FilterBar>
      <Card flush>
        <DataTable
          label={t`Event types`}
          list={list}
          columns={columns}
          rowId={({ name }) => name}
          empty={
            active ? (
              <NoMatch title={t`No event types match these filters`} onClear={clear} />
            ) : (
              <Empty title={t`No event types yet`}>
                <Trans>
                  An event type describes what happened and the data that comes with it. Create one, or import a file.
                </Trans>
              </Empty>
            )
          }
        />
      </Card>
      {dialog === 'new' && <EventTypeDialog onClose={() => setDialog(null)} />}
      {dialog === 'import' && <ImportDialog onClose={() => setDialog(null)} />}
    </>
  );
}
