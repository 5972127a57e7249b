import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { useList } from '../../api/lists';
import { usePermissions } from '../../api/session';
import type { Product } from '../../api/types';
import { Badge, StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import type { Column } from '../../ui/column';
import { DataTable } from '../../ui/data-table';
import { FilterBar, useFilters } from '../../ui/filters';
import { Card, PageHead } from '../../ui/page';
import { Empty } from '../../ui/states';
import { TimeCell } from '../../ui/time';
import { SegmentFilter } from '../shared/segment-filter';
import { ProductDialog } from './product-dialog';
import { ProductMenu } from './product-menu';

const columns: Column<Product>[] = [
  {
    header: t`Product`,
    grow: true,
    cell: (product) => (
      <>
        <Link to={`/catalog?productId=${encodeURIComponent(product.id)}`}>{product.name}</Link>
        <div className="muted truncate">{product.id}</div>
      </>
    ),
  },
  {
    header: t`Segment`,
    roomy: true,
    width: 140,
    cell: (product) =>
      product.segment ?? (
        <span className="muted">
          <Trans>none</Trans>
        </span>
      ),
  },
  {
    header: t`Status`,
    width: 124,
    cell: (product) => <StatusBadge status={product.enabled ? 'enabled' : 'disabled'} />,
  },
  {
    header: t`Challenge required`,
    wide: true,
    width: 172,
    cell: (product) =>
      product.requireVerification ? (
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
    wide: true,
    width: 172,
    narrow: 104,
    cell: (product) => <TimeCell at={product.createdAt} />,
  },
  {
    width: 56,
    cell: (product) => <ProductMenu product={product} />,
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
