import type { ColumnDef } from '@tanstack/react-table';
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { api, at } from '../../api/client';
import { useAction, useList } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { AllowlistEntry } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { DataTable } from '../../ui/data-table';
import { Confirm } from '../../ui/dialog';
import { FilterBar, FilterSelect, useFilters } from '../../ui/filters';
import { Card, PageHead } from '../../ui/page';
import { Empty } from '../../ui/states';
import { TimeCell } from '../../ui/time';
import { AddPattern } from './add-pattern';
import { Requests } from './requests';

const columns: ColumnDef<AllowlistEntry>[] = [
  {
    header: 'Pattern',
    meta: { grow: true },
    cell: ({ row: { original } }) => (
      <>
        <code className="truncate" title={original.pattern}>
          {original.pattern}
        </code>
        <div className="muted truncate">
          {original.customerId
            ? `customer ${original.customerId}`
            : original.productId
              ? `product ${original.productId}`
              : 'all customers'}
        </div>
      </>
    ),
  },
  { header: 'Status', meta: { width: 128 }, cell: ({ row: { original } }) => <StatusBadge status={original.status} /> },
  {
    header: 'Requested by',
    meta: { wide: true, width: 150 },
    cell: ({ row: { original } }) => original.requestedBy ?? '',
  },
  {
    header: 'Decided by',
    meta: { roomy: true, width: 150 },
    cell: ({ row: { original } }) => original.decidedBy ?? '',
  },
  {
    header: 'Created',
    meta: { wide: true, width: 172, narrow: 104 },
    cell: ({ row: { original } }) => <TimeCell at={original.createdAt} />,
  },
  {
    id: 'delete',
    header: () => <span className="sr-only">Actions</span>,
    meta: { width: 56 },
    cell: ({ row: { original } }) => <DeletePattern entry={original} />,
  },
];

/** The URL patterns that deliveries may go to. */
export function AllowList() {
  const { write, administer } = usePermissions();
  const { values, set, active } = useFilters('status');
  const list = useList<AllowlistEntry>('/v1/url-allowlist', values);
  const [adding, setAdding] = useState(false);
  return (
    <>
      <PageHead title="Allow-list" sub="Notifications for a URL that is not listed are held until the URL is approved.">
        {write && (
          <Button variant="primary" icon={Plus} onClick={() => setAdding(true)}>
            {administer ? 'Add a URL pattern' : 'Request a URL'}
          </Button>
        )}
      </PageHead>
      <div className="stack">
        <Requests />
        <div>
          <FilterBar>
            <FilterSelect
              label="Status"
              value={values.status}
              options={['requested', 'approved', 'rejected']}
              onChange={(status) => set({ status })}
            />
          </FilterBar>
          <Card flush>
            <DataTable
              label="URL patterns"
              list={list}
              columns={columns}
              rowId={({ id }) => id}
              empty={
                <Empty title={active ? 'No patterns match this filter' : 'No URL patterns yet'}>
                  Patterns from the configuration (SIGNPOST_ALLOW_URLS) are not listed here.
                </Empty>
              }
            />
          </Card>
        </div>
      </div>
      {adding && <AddPattern onClose={() => setAdding(false)} />}
    </>
  );
}

function DeletePattern({ entry: { id, pattern, status } }: { entry: AllowlistEntry }) {
  const { write } = usePermissions();
  const remove = useAction(() => api.delete(at`/v1/url-allowlist/${id}`), {
    done: 'Pattern removed',
  });
  if (!write) return null;
  return (
    <Confirm
      trigger={<Button small variant="ghost" icon={Trash2} label={`Remove ${pattern}`} />}
      title="Remove this pattern?"
      action="Remove pattern"
      onConfirm={() => remove.mutateAsync()}
    >
      <p className="wrap-anywhere">
        <code>{pattern}</code>
      </p>
      <p>
        {status === 'approved'
          ? 'Endpoints that no other pattern covers go back to awaiting approval. Their notifications are held, not lost.'
          : 'No endpoint is affected.'}
      </p>
    </Confirm>
  );
}
