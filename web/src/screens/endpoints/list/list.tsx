import { Plus } from 'lucide-react';
import { useList } from '../../../api/queries';
import { usePermissions } from '../../../api/session';
import type { Subscription } from '../../../api/types';
import { ButtonLink } from '../../../ui/button';
import { DataTable } from '../../../ui/data-table';
import { Card, PageHead } from '../../../ui/page';
import { Empty } from '../../../ui/states';
import { useEndpointColumns } from './columns';
import { EndpointFilters, useEndpointFilters } from './filters';

const REFRESH_MS = 15_000;

/** The endpoints that the signed-in role may see. */
export function Endpoints() {
  const can = usePermissions();
  const filters = useEndpointFilters();
  const columns = useEndpointColumns();
  const list = useList<Subscription>(
    '/v1/subscriptions',
    { ...filters.values, include: 'health,statistics' },
    { refetchMs: REFRESH_MS },
  );
  const create = can.manageEndpoints && (
    <ButtonLink variant="primary" icon={Plus} to="/endpoints/new">
      {can.isCustomer ? 'Add endpoint' : 'New endpoint'}
    </ButtonLink>
  );
  return (
    <>
      <PageHead title="Endpoints">{create}</PageHead>
      <EndpointFilters filters={filters} />
      <Card flush>
        <DataTable
          label="Endpoints"
          list={list}
          columns={columns}
          rowId={({ id }) => id}
          sort={filters.values.sort}
          onSort={(sort) => filters.set({ sort })}
          empty={
            filters.active ? (
              <Empty title="No endpoints match these filters">Change the search, or remove a filter.</Empty>
            ) : (
              <Empty title="No endpoints yet">
                <div className="stack-s">
                  <p>An endpoint is a URL that receives {can.isCustomer ? 'your' : 'a customer’s'} events.</p>
                  <div>{create}</div>
                </div>
              </Empty>
            )
          }
        />
      </Card>
    </>
  );
}
