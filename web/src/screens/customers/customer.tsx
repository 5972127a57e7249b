import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { DoorOpen, Pencil, Plus } from 'lucide-react';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { at } from '../../api/client';
import { useList } from '../../api/lists';
import { useRead } from '../../api/queries';
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
import { ProductName, useProducts } from '../shared/use-products';
import { CustomerDialog } from './customer-dialog';
import { PortalDialog } from './portal-dialog';
import { PortalLinks } from './portal-links';
import { RecentEvents } from './recent-events';

export function CustomerDetail() {
  const { id = '' } = useParams();
  const query = useRead<Customer>(at`/v1/customers/${id}`, {}, { placeholderData: undefined });
  return (
    <Loaded query={query} subject={{ one: t`Customer`, all: { text: t`All customers`, to: '/customers' } }}>
      {(customer) => <Detail key={customer.id} customer={customer} />}
    </Loaded>
  );
}

function Detail({ customer }: { customer: Customer }) {
  const { id, name, productId, audience, capabilities, retrySchedule, createdAt } = customer;
  const hasFeature = useFeatures();
  const products = useProducts();
  const { write, isCustomer } = usePermissions();
  const [dialog, setDialog] = useState<'edit' | 'portal' | null>(null);
  const list = useList<Subscription>('/v1/subscriptions', { customerId: id, include: 'health' });
  return (
    <>
      <PageHead title={name} crumbs={[{ text: t`Customers`, to: '/customers' }]}>
        {write && (
          <>
            <ButtonLink to={`/endpoints/new?customerId=${encodeURIComponent(id)}`} variant="primary" icon={Plus}>
              <Trans>New endpoint</Trans>
            </ButtonLink>
            {hasFeature('portal') && (
              <Button icon={DoorOpen} onClick={() => setDialog('portal')}>
                <Trans>Create portal link…</Trans>
              </Button>
            )}
            <RecoverCustomer customerId={id} />
            <Button icon={Pencil} onClick={() => setDialog('edit')}>
              <Trans>Edit</Trans>
            </Button>
          </>
        )}
      </PageHead>
      <div className="stack">
        <Card>
          <Facts>
            <Fact name={t`ID`}>
              <Id id={id} />
            </Fact>
            <Fact name={t`Product`}>
              {productId ? <ProductName products={products} id={productId} /> : t`shared by all products`}
            </Fact>
            <Fact name={t`Audience`}>
              {audience === 'product' ? t`the product’s events for every customer` : t`its own events`}
            </Fact>
            <Fact name={t`Capabilities`}>{capabilities.length > 0 ? capabilities.join(', ') : t`none`}</Fact>
            <Fact name={t`Retries`}>{formatSchedule(retrySchedule)}</Fact>
            <Fact name={t`Created`}>
              <ExactTime at={createdAt} />
            </Fact>
            <Fact name={t`Deliveries`}>
              <Link to={`/logs?customerId=${encodeURIComponent(id)}`}>
                <Trans>View in logs</Trans>
              </Link>
            </Fact>
          </Facts>
        </Card>
        <Card title={t`Endpoints`} flush>
          <DataTable
            label={t`Endpoints`}
            list={list}
            rowId={(subscription) => subscription.id}
            columns={[
              {
                header: t`Endpoint`,
                grow: true,
                cell: (endpoint) => (
                  <>
                    <Link to={`/endpoints/${endpoint.id}`}>{endpoint.name}</Link>
                    <div className="muted truncate">{endpoint.url}</div>
                  </>
                ),
              },
              {
                header: t`Status`,
                width: 186,
                cell: (endpoint) => <StatusBadge status={endpoint.status} />,
              },
              {
                header: t`Last 24 hours`,
                wide: true,
                width: 124,
                cell: (endpoint) => <Sparkline buckets={endpoint.health?.buckets ?? []} />,
              },
            ]}
            empty={
              <Empty title={t`No endpoints yet`}>
                <Trans>Events for this customer are accepted but not delivered anywhere.</Trans>
              </Empty>
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
