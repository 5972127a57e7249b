import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import type { ColumnDef } from '@tanstack/react-table';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { useList } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { Product } from '../../api/types';
import { Badge, StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { DataTable } from '../../ui/data-table';
import { FilterBar, useFilters } from '../../ui/filters';
import { Card, PageHead } from '../../ui/page';
import { Empty } from '../../ui/states';
import { TimeCell } from '../../ui/time';
import { SegmentFilter } from '../shared/segment-filter';
import { ProductDialog } from './product-dialog';
import { ProductMenu } from './product-menu';

const columns: ColumnDef<Product>[] = [
  {
    header: t`Product`,
    meta: { grow: true },
    cell: ({ row: { original } }) => (
      <>
        <Link to={`/catalog?productId=${encodeURIComponent(original.id)}`}>{original.name}</Link>
        <div className="muted truncate">{original.id}</div>
      </>
    ),
  },
  {
    header: t`Segment`,
    meta: { roomy: true, width: 140 },
    cell: ({ row: { original } }) =>
      original.segment ?? (
        <span className="muted">
          <Trans>none</Trans>
        </span>
      ),
  },
  {
    header: t`Status`,
    meta: { width: 124 },
    cell: ({ row: { original } }) => <StatusBadge status={original.enabled ? 'enabled' : 'disabled'} />,
  },
  {
    header: t`Challenge required`,
    meta: { wide: true, width: 172 },
    cell: ({ row: { original } }) =>
      original.requireVerification ? (
        <Badge tone="info">
          <Trans>yes</Trans>
        </Badge>
      ) : (
        <span className="muted">
          <Trans>no</Trans>
        </span>
      ),
  },
  {
    header: t`Created`,
    meta: { wide: true, width: 172, narrow: 104 },
    cell: ({ row: { original } }) => <TimeCell at={original.createdAt} />,
  },
  {
    id: 'actions',
    header: () => (
      <span className="sr-only">
        <Trans>Actions</Trans>
      </span>
    ),
    meta: { width: 56 },
    cell: ({ row: { original } }) => <ProductMenu product={original} />,
  },
];

export function Products() {
  const { administer } = usePermissions();
  const { values, set, active } = useFilters('segment');
  const list = useList<Product>('/v1/products', values);
  const [creating, setCreating] = useState(false);
  return (
    <>
      <PageHead
        title={t`Products`}
        sub={t`Products publish events. A new product is disabled until an admin enables it.`}
      >
        {administer && (
          <Button variant="primary" icon={Plus} onClick={() => setCreating(true)}>
            <Trans>New product</Trans>
          </Button>
        )}
      </PageHead>
      <FilterBar>
        <SegmentFilter value={values.segment} onChange={(segment) => set({ segment })} />
      </FilterBar>
      <Card flush>
        <DataTable
          label={t`Products`}
          list={list}
          columns={columns}
          rowId={({ id }) => id}
          empty={
            active ? (
              <Empty title={t`No products in this segment`} />
            ) : (
              <Empty title={t`No products yet`}>
                <Trans>A product owns event types and the API keys that post events.</Trans>
              </Empty>
            )
          }
        />
      </Card>
      {creating && <ProductDialog onClose={() => setCreating(false)} />}
    </>
  );
}
