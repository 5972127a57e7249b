import { DoorOpen, Pencil, Plus } from 'lucide-react';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { at } from '../../api/client';
import { useList, useRead } from '../../api/queries';
import { useFeatures, usePermissions } from '../../api/session';
import type { Customer, Subscription } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { Button, ButtonLink } from '../../ui/button';
import { Id } from '../../ui/copy';
import { DataTable } from '../../ui/data-table';
import { Card, Fact, Facts, PageHead } from '../../ui/page';
import { Sparkline } from '../../ui/sparkline';
import { Empty, Loaded } from '../../ui/states';
import { ExactTime, formatSchedule } from '../../ui/time';
import { RecoverCustomer } from '../recoveries/recover-from';
import { CustomerDialog } from './customer-dialog';
import { PortalDialog } from './portal-dialog';
import { PortalLinks } from './portal-links';
import { RecentEvents } from './recent-events';

export function CustomerDetail() {
  const { id = '' } = useParams();
  const query = useRead<Customer>(at`/v1/customers/${id}`, {}, { placeholderData: undefined });
  return (
    <Loaded query={query} subject={{ one: 'Customer', all: 'All customers', to: '/customers' }}>
      {(customer) => <Detail key={customer.id} customer={customer} />}
    </Loaded>
  );
}

function Detail({ customer }: { customer: Customer }) {
  const { id, name, productId, audience, capabilities, retrySchedule, createdAt } = customer;
  const hasFeature = useFeatures();
  const { write, isCustomer } = usePermissions();
  const [dialog, setDialog] = useState<'edit' | 'portal' | null>(null);
  const list = useList<Subscription>('/v1/subscriptions', { customerId: id, include: 'health' });
  return (
    <>
      <PageHead title={name} crumbs={[{ text: 'Customers', to: '/customers' }]}>
        {write && (
          <>
            <ButtonLink to={`/endpoints/new?customerId=${encodeURIComponent(id)}`} variant="primary" icon={Plus}>
              New endpoint
            </ButtonLink>
            {hasFeature('portal') && (
              <Button icon={DoorOpen} onClick={() => setDialog('portal')}>
                Create portal link…
              </Button>
            )}
            <RecoverCustomer customerId={id} />
            <Button icon={Pencil} onClick={() => setDialog('edit')}>
              Edit
            </Button>
          </>
        )}
      </PageHead>
      <div className="stack">
        <Card>
          <Facts>
            <Fact name="ID">
              <Id id={id} />
            </Fact>
            <Fact name="Product">{productId ?? 'shared by all products'}</Fact>
            <Fact name="Audience">
              {audience === 'product' ? 'the product’s events for every customer' : 'its own events'}
            </Fact>
            <Fact name="Capabilities">{capabilities.length > 0 ? capabilities.join(', ') : 'none'}</Fact>
            <Fact name="Retries">{formatSchedule(retrySchedule)}</Fact>
            <Fact name="Created">
              <ExactTime at={createdAt} />
            </Fact>
            <Fact name="Deliveries">
              <Link to={`/logs?customerId=${encodeURIComponent(id)}`}>View in logs</Link>
            </Fact>
          </Facts>
        </Card>
        <Card title="Endpoints" flush>
          <DataTable
            label="Endpoints"
            list={list}
            rowId={(subscription) => subscription.id}
            columns={[
              {
                header: 'Endpoint',
                meta: { grow: true },
                cell: ({ row: { original } }) => (
                  <>
                    <Link to={`/endpoints/${original.id}`}>{original.name}</Link>
                    <div className="muted truncate">{original.url}</div>
                  </>
                ),
              },
              {
                header: 'Status',
                meta: { width: 186 },
                cell: ({ row: { original } }) => <StatusBadge status={original.status} />,
              },
              {
                header: 'Last 24 hours',
                meta: { wide: true, width: 124 },
                cell: ({ row: { original } }) => <Sparkline buckets={original.health?.buckets ?? []} />,
              },
            ]}
            empty={
              <Empty title="No endpoints yet">Events for this customer are accepted but not delivered anywhere.</Empty>
            }
          />
        </Card>
        <RecentEvents customerId={id} />
        {!isCustomer && hasFeature('portal') && <PortalLinks customerId={id} />}
      </div>
      {dialog === 'edit' && <CustomerDialog customer={customer} onClose={() => setDialog(null)} />}
      {dialog === 'portal' && <PortalDialog customer={customer} onClose={() => setDialog(null)} />}
    </>
  );
}
