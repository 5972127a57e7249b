import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { CheckCircle2, Circle } from 'lucide-react';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { useAction, useRead } from '../../api/queries';
import { useFeatures, usePermissions, useSession } from '../../api/session';
import { api } from '../../api/client';
import type { Page, PlayInbox } from '../../api/types';
import { Button, ButtonLink } from '../../ui/button';
import { Card } from '../../ui/page';
import { addEndpoint } from '../play/inbox-endpoints';
import { loadExampleCatalog } from './example-catalog';
import styles from './first-run.module.css';

interface Step {
  title: string;
  hint: string;
  done: boolean;
  action: ReactNode;
}

const REFRESH_MS = 10_000;

/** The product of the operational events, which every installation has. */
const OWN_PRODUCT = 'signpost';

interface Item {
  id?: string;
  productId?: string | null;
}

/** The first item that is not Signpost's own; null if all are, undefined until the list is read. */
function useFirst(path: string, enabled = true): Item | null | undefined {
  const { data } = useRead<Page<Item>>(path, { limit: 50 }, { enabled, refetchInterval: REFRESH_MS });
  return data && (data.items.find(({ productId }) => productId !== OWN_PRODUCT) ?? null);
}

/** Makes an inbox of the test receiver with an endpoint, and opens it. */
function UseTestReceiver({ customerId }: { customerId: string }) {
  const navigate = useNavigate();
  const make = useAction(
    async () => {
      const inbox = await api.post<PlayInbox>('/v1/play-inboxes', { customerId, name: t`Test receiver` });
      await addEndpoint(inbox);
      return inbox;
    },
    { done: t`Test receiver added`, invalidate: ['/v1/play-inboxes', '/v1/subscriptions'] },
  );
  return (
    <Button
      small
      busy={make.isPending}
      onClick={() => make.mutate(undefined, { onSuccess: ({ id }) => void navigate(`/play/${id}`) })}
    >
      <Trans>Use the test receiver</Trans>
    </Button>
  );
}

/** Leads from an empty installation, or an empty portal, to the first delivery. */
export default function FirstRun() {
  const can = usePermissions();
  const hasFeature = useFeatures();
  const type = useFirst('/v1/event-types');
  const customer = useFirst('/v1/customers', !can.isCustomer);
  const customerId = useSession().principal.customerId ?? customer?.id;
  const endpoint = useFirst('/v1/subscriptions');
  const delivery = useFirst('/v1/notifications');
  const example = useAction(loadExampleCatalog, {
    done: t`Example catalog loaded`,
    invalidate: ['/v1/products', '/v1/event-types'],
  });
  const known = [type, endpoint, delivery, ...(can.isCustomer ? [] : [customer])];
  if (delivery || known.includes(undefined) || !can.manageEndpoints) return null;
  const steps: Step[] = [
    ...(can.isCustomer
      ? []
      : [
          {
            title: t`Describe your events`,
            hint: t`A product and its event types, each with a schema and a sample.`,
            done: type !== null,
            action: (
              <>
                {can.administer && (
                  <Button small busy={example.isPending} onClick={() => example.mutate()}>
                    <Trans>Load the example catalog</Trans>
                  </Button>
                )}
                <ButtonLink small to="/catalog">
                  <Trans>Open the catalog</Trans>
                </ButtonLink>
              </>
            ),
          },
          {
            title: t`Create a customer`,
            hint: t`Whoever is notified of the events.`,
            done: customer !== null,
            action: (
              <ButtonLink small to="/customers">
                <Trans>Open customers</Trans>
              </ButtonLink>
            ),
          },
        ]),
    {
      title: t`Add an endpoint`,
      hint: hasFeature('play')
        ? t`The URL that receives the events. The test receiver has one.`
        : t`The URL that receives the events.`,
      done: endpoint !== null,
      action: (
        <>
          {hasFeature('play') && customerId && <UseTestReceiver customerId={customerId} />}
          <ButtonLink small to="/endpoints/new">
            <Trans>Add endpoint</Trans>
          </ButtonLink>
        </>
      ),
    },
    {
      title: t`Send the first event`,
      hint: t`Trigger now on the endpoint sends the sample of an event type.`,
      done: false,
      action: endpoint?.id && (
        <ButtonLink small to={`/endpoints/${encodeURIComponent(endpoint.id)}`}>
          <Trans>Open the endpoint</Trans>
        </ButtonLink>
      ),
    },
  ];
  return (
    <Card title={t`Getting started`}>
      <ol className={styles.steps}>
        {steps.map(({ title, hint, done, action }) => (
          <li key={title} className={styles.step}>
            {done ? <CheckCircle2 size={20} className="done" aria-hidden /> : <Circle size={20} aria-hidden />}
            <div className={styles.text}>
              <strong>{title}</strong>
              {done && (
                <span className="sr-only">
                  {' '}
                  <Trans>(done)</Trans>
                </span>
              )}
              <div className="muted">{hint}</div>
            </div>
            {!done && <div className="row">{action}</div>}
          </li>
        ))}
      </ol>
    </Card>
  );
}
