import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { api, at } from '../../api/client';
import { useList } from '../../api/lists';
import { useAction } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { AllowlistEntry } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import type { Column } from '../../ui/column';
import { DataTable } from '../../ui/data-table';
import { Confirm } from '../../ui/dialog';
import { FilterBar, FilterSelect, useFilters } from '../../ui/filters';
import { Card, PageHead } from '../../ui/page';
import { Empty } from '../../ui/states';
import { statusText } from '../../ui/status-text';
import { TimeCell } from '../../ui/time';
import { AddPattern } from './add-pattern';
import { Requests } from './requests';

const columns: Column<AllowlistEntry>[] = [
  {
    header: t`Pattern`,
    grow: true,
    cell: (entry) => (
      <>
        <code className="truncate" title={entry.pattern}>
          {entry.pattern}
        </code>
        <div className="muted truncate">
          {entry.customerId
            ? t`customer ${entry.customerId}`
            : entry.productId
              ? t`product ${entry.productId}`
              : t`all customers`}
        </div>
      </>
    ),
  },
  {
    header: t`Status`,
    width: 128,
    cell: (entry) => <StatusBadge status={entry.status} />,
  },
  {
    header: t`Requested by`,
    wide: true,
    width: 170,
    cell: (entry) => entry.requestedBy ?? '',
  },
  {
    header: t`Decided by`,
    roomy: true,
    width: 170,
    cell: (entry) => entry.decidedBy ?? '',
  },
  {
    header: t`Created`,
    wide: true,
    width: 172,
    narrow: 104,
    cell: (entry) => <TimeCell at={entry.createdAt} />,
  },
  {
    width: 56,
    cell: (entry) => <DeletePattern entry={entry} />,
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
      <PageHead
        title={t`Allow-list`}
        sub={t`Notifications for a URL that is not listed are held until the URL is approved.`}
      >
        {write && (
          <Button variant="primary" icon={Plus} onClick={() => setAdding(true)}>
            {administer ? t`Add a URL pattern` : t`Request a URL`}
          </Button>
        )}
      </PageHead>
      <div className="stack">
        <Requests />
        <div>
          <FilterBar>
            <FilterSelect
              label={t`Status`}
              value={values.status}
              options={['requested', 'approved', 'rejected'].map((value) => ({ value, text: statusText(value) }))}
              onChange={(status) => set({ status })}
            />
          </FilterBar>
          <Card flush>
            <DataTable
              label={t`URL patterns`}
              list={list}
              columns={columns}
              rowId={({ id }) => id}
              empty={
                <Empty title={active ? t`No patterns match this filter` : t`No URL patterns yet`}>
                  <Trans>Patterns from the configuration (SIGNPOST_ALLOW_URLS) are not listed here.</Trans>
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
    done: t`Pattern removed`,
  });
  if (!write) return null;
  return (
    <Confirm
      trigger={<Button small variant="ghost" icon={Trash2} label={t`Remove ${pattern}`} />}
      title={t`Remove this pattern?`}
      action={t`Remove pattern`}
      onConfirm={() => remove.mutateAsync()}
    >
      <p className="wrap-anywhere">
        <code>{pattern}</code>
      </p>
      <p>
        {status === 'approved'
          ? t`Endpoints that no other pattern covers go back to awaiting approval. Their notifications are held, not lost.`
          : t`No endpoint is affected.`}
      </p>
    </Confirm>
  );
}
