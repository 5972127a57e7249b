import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Plus, Send } from 'lucide-react';
import { Link } from 'react-router';
import { api, at } from '../../api/client';
import { useAction, useRead } from '../../api/queries';
import { usePermissions } from '../../api/session';
import type { Page, PlayInbox, Subscription } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';

const PATH = '/v1/subscriptions';

/** Creates an endpoint that delivers all events of the customer to an inbox. */
export const addEndpoint = ({ customerId, productId, name, url }: PlayInbox) =>
  api.post<Subscription>(PATH, { customerId, productId, name, url, eventTypes: ['*'] });

/** The endpoints that deliver to an inbox, or a button that makes one. */
export function InboxEndpoints({ inbox }: { inbox: PlayInbox }) {
  const can = usePermissions();
  const { data } = useRead<Page<Subscription>>(PATH, { customerId: inbox.customerId, q: inbox.url, limit: 10 });
  const add = useAction(() => addEndpoint(inbox), { done: t`Endpoint added`, invalidate: [PATH] });
  if (!data) return null;
  if (data.items.length === 0)
    return can.manageEndpoints ? (
      <Button small icon={Plus} busy={add.isPending} onClick={() => add.mutate()}>
        <Trans>Add endpoint</Trans>
      </Button>
    ) : (
      <span className="muted">
        <Trans>none</Trans>
      </span>
    );
  return (
    <div className="stack-s">
      {data.items.map((subscription) => (
        <div key={subscription.id} className="row">
          <Link to={`/endpoints/${subscription.id}`}>{subscription.name}</Link>
          {subscription.status !== 'enabled' && <StatusBadge status={subscription.status} />}
          {can.manageEndpoints && <SendSample subscription={subscription} inboxId={inbox.id} />}
        </div>
      ))}
    </div>
  );
}

function SendSample({ subscription: { id, name }, inboxId }: { subscription: Subscription; inboxId: string }) {
  const send = useAction(() => api.post(at`/v1/subscriptions/${id}/trigger`), {
    done: t`Sample sent`,
    invalidate: ['/v1/notifications', at`/v1/play-inboxes/${inboxId}/requests`],
  });
  return (
    <Button small icon={Send} label={t`Send a sample to ${name}`} busy={send.isPending} onClick={() => send.mutate()}>
      <Trans>Send a sample</Trans>
    </Button>
  );
}
