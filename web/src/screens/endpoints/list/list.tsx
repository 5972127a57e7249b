import { t } from '@lingui/core/macro';
import { Plus } from 'lucide-react';
import { useCallback, useState } from 'react';
import { useList } from '../../../api/lists';
import { usePermissions } from '../../../api/session';
import type { Subscription } from '../../../api/types';
import { ButtonLink } from '../../../ui/button';
import { DataTable } from '../../../ui/data-table';
import { Card, PageHead } from '../../../ui/page';
import { Empty, NoMatch } from '../../../ui/states';
import { DeleteDialog } from '../dialogs/delete';
import { TriggerDialog } from '../dialogs/trigger';
import { useEndpointColumns } from './columns';
import { EndpointFilters, useEndpointFilters } from './filters';
import type { RowAction } from './row-menu';

const REFRESH_MS = 15_000;

/** The endpoints that the signed-in role may see. */
export function Endpoints() {
  const can = usePermissions();
  const filters = useEndpointFilters();
  const [acting, setActing] = useState<{ action: RowAction; subscription: Subscription }>();
  const columns = useEndpointColumns(useCallback((action, subscription) => setActing({ action, subscription }), []));
  const list = useList<Subscription>(
    '/v1/subscriptions',
    { ...filters.values, include: 'health,statistics' },
    { refetchMs: REFRESH_MS },
  );
  const close = () => setActing(undefined);
  // As it is now, if the list still has it.
  const target = list.rows.find(({ id }) => id === acting?.subscription.id) ?? acting?.subscription;
  const create = can.manageEndpoints && (
    <ButtonLink variant="primary" icon={Plus} to="/endpoints/new">
      {can.isCustomer ? t`Add endpoint` : t`New endpoint`}
    </ButtonLink>
  );
  return (
    <>
      <PageHead title={t`Endpoints`}>{create}</PageHead>
      <EndpointFilters filters={filters} />
      <Card flush>
        <DataTable
          label={t`Endpoints`}
          list={list}
          columns={columns}
          rowId={({ id }) => id}
          sort={filters.values.sort}
          onSort={(sort) => filters.set({ sort })}
          empty={
            filters.active ? (
              <NoMatch title={t`No endpoints match these filters`} onClear={filters.clear} />
            ) : (
              <Empty title={t`No endpoints yet`}>
                <div className="stack-s">
                  <p>
                    {can.isCustomer
                      ? t`An endpoint is a URL that receives your events.`
                      : t`An endpoint is a URL that receives a customer’s events.`}
                  </p>
                  <div>{create}</div>
                </div>
              </Empty>
            )
          }
        />
      </Card>
      {/* Outside the row: the action may take the endpoint out of a filtered list. */}
      {target && acting?.action === 'trigger' && <TriggerDialog subscription={target} open onClose={close} />}
      {target && acting?.action === 'delete' && <DeleteDialog subscription={target} open onClose={close} />}
    </>
  );
}
