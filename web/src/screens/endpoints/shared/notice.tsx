import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { api, at } from '../../../api/client';
import { useAction } from '../../../api/queries';
import { usePermissions } from '../../../api/session';
import type { AllowlistEntry, Page, Subscription } from '../../../api/types';
import { Button } from '../../../ui/button';
import { Time } from '../../../ui/time';
import { useToggleEndpoint } from './actions';
import { ChallengeResult, useChallenge } from './challenge';
import styles from './endpoints.module.css';

/**
 * Explains why an endpoint receives nothing, with a button to fix it. Renders nothing for a healthy
 * one.
 */
export function Notice({ subscription }: { subscription: Subscription }) {
  if (subscription.status === 'out-of-order') return <OutOfOrder subscription={subscription} />;
  if (subscription.status === 'awaiting-approval') return <AwaitingApproval subscription={subscription} />;
  if (subscription.status === 'unverified') return <Unverified subscription={subscription} />;
  if (subscription.status === 'disabled') return <Disabled subscription={subscription} />;
  return null;
}

function Frame({
  tone,
  title,
  action,
  children,
}: {
  tone: string;
  title: string;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={`notice notice-${tone} ${styles.notice}`} aria-label={title}>
      <div className="grow">
        <p>
          <strong>{title}</strong>
        </p>
        {children}
      </div>
      {action}
    </section>
  );
}

function OutOfOrder({ subscription }: { subscription: Subscription }) {
  const can = usePermissions();
  const change = useToggleEndpoint(subscription);
  const { outOfOrder } = subscription;
  return (
    <Frame
      tone="bad"
      title={t`Disabled automatically`}
      action={
        can.manageEndpoints && (
          <Button variant="primary" busy={change.isPending} onClick={() => change.mutate(true)}>
            <Trans>Enable and send held notifications</Trans>
          </Button>
        )
      }
    >
      <p>
        <Trans>
          Signpost stopped sending to this endpoint
          {outOfOrder && (
            <>
              {' '}
              <Time at={outOfOrder.at} />: {outOfOrder.reason}
            </>
          )}
          . New notifications are held. Fix the receiver, then enable the endpoint.
        </Trans>
      </p>
    </Frame>
  );
}

function AwaitingApproval({ subscription }: { subscription: Subscription }) {
  const can = usePermissions();
  const { origin } = new URL(subscription.url);
  const { isCustomer, administer } = can;
  const allow = useAction(() => allowUrl(origin, subscription.customerId), {
    done: t`${origin} approved. Held notifications are being sent.`,
  });
  return (
    <Frame
      tone="warn"
      title={t`Awaiting approval`}
      action={
        administer && (
          <Button variant="primary" busy={allow.isPending} onClick={() => allow.mutate()}>
            <Trans>Approve {origin}</Trans>
          </Button>
        )
      }
    >
      <p>
        {isCustomer ? (
          <Trans>{origin} is not on the list of approved URLs yet.</Trans>
        ) : (
          <Trans>
            {origin} is not on the <Link to="/allow-list">allow-list</Link> yet.
          </Trans>
        )}{' '}
        {administer
          ? t`Notifications are held until it is approved.`
          : t`An admin was asked to approve it. Notifications are held until then, and sent as soon as it is approved.`}
      </p>
    </Frame>
  );
}

/** Approves the customer's pending request for the pattern, or creates an approved entry. */
async function allowUrl(pattern: string, customerId: string): Promise<void> {
  const { items } = await api.get<Page<AllowlistEntry>>('/v1/url-allowlist', { status: 'requested', limit: 200 });
  const request = items.find((entry) => entry.pattern === pattern && entry.customerId === customerId);
  if (request) return api.patch(at`/v1/url-allowlist/${request.id}`, { status: 'approved' });
  await api.post('/v1/url-allowlist', { pattern, customerId });
}

function Unverified({ subscription }: { subscription: Subscription }) {
  const can = usePermissions();
  const challenge = useChallenge(subscription);
  return (
    <Frame
      tone="warn"
      title={t`Not verified`}
      action={
        can.manageEndpoints && (
          <Button variant="primary" busy={challenge.isPending} onClick={() => challenge.mutate()}>
            <Trans>Run challenge</Trans>
          </Button>
        )
      }
    >
      <p>
        <Trans>
          The product requires proof that the URL belongs to the customer. Notifications are held until the endpoint
          passes a challenge. <Link to={`/endpoints/${subscription.id}?tab=challenge`}>How to respond</Link>
        </Trans>
      </p>
      {challenge.data?.status === 'failed' && <ChallengeResult challenge={challenge.data} />}
    </Frame>
  );
}

function Disabled({ subscription }: { subscription: Subscription }) {
  const can = usePermissions();
  const change = useToggleEndpoint(subscription);
  return (
    <Frame
      tone="info"
      title={t`Disabled`}
      action={
        can.manageEndpoints && (
          <Button busy={change.isPending} onClick={() => change.mutate(true)}>
            <Trans>Enable</Trans>
          </Button>
        )
      }
    >
      <p>
        <Trans>New notifications are held. Enabling the endpoint sends them in order.</Trans>
      </p>
    </Frame>
  );
}
