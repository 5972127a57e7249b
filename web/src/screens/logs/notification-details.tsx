import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Ban, RotateCcw, Waypoints } from 'lucide-react';
import { Link } from 'react-router';
import { api, at } from '../../api/client';
import { useAction, useRead } from '../../api/queries';
import { usePermissions, useSession } from '../../api/session';
import type { Customer, NotificationDetail, Subscription } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { Id } from '../../ui/copy';
import { Confirm } from '../../ui/dialog';
import { Fact, Facts } from '../../ui/page';
import { Loaded } from '../../ui/states';
import { Countdown, ExactTime } from '../../ui/time';
import { RecoverFrom } from '../recoveries/recover-from';
import { CLOSED, RETRYABLE, UNDELIVERED } from '../shared/notification-status';
import { describeStatus } from './explain';
import { Ladder } from './ladder';
import { SendToButton } from './send-to';
import { CustomerName } from '../shared/customer-name';

const REFRESH_MS = 2000;

/** What the drawer of a notification shows, read again while the notification is open. */
export default function NotificationDetails({ id }: { id: string }) {
  const query = useRead<NotificationDetail>(
    at`/v1/notifications/${id}`,
    {},
    { refetchInterval: ({ state }) => (state.data && CLOSED.includes(state.data.status) ? false : REFRESH_MS) },
  );
  return (
    <Loaded query={query} subject={{ one: t`Notification` }}>
      {(notification) => <Detail notification={notification} />}
    </Loaded>
  );
}

function Detail({ notification }: { notification: NotificationDetail }) {
  const { isCustomer } = usePermissions();
  const subscription = useRead<Subscription>(
    at`/v1/subscriptions/${notification.subscriptionId}`,
    {},
    { retry: false, staleTime: 30_000 },
  );
  const customer = useRead<Customer>(
    at`/v1/customers/${notification.customerId}`,
    {},
    { retry: false, staleTime: 30_000 },
  );
  const schedule = subscription.data?.retrySchedule ?? customer.data?.retrySchedule ?? [];
  return (
    <div className="stack">
      <div className="stack-s">
        <div className="row">
          <StatusBadge status={notification.status} />
          <strong className="wrap-anywhere">{notification.eventType}</strong>
        </div>
        <p className="wrap-anywhere" role="status">
          {describeStatus(notification)}
        </p>
        {notification.status === 'retrying' && notification.nextAttemptAt && (
          <p>
            <Trans>
              Next attempt <Countdown inSentence until={notification.nextAttemptAt} />
            </Trans>
          </p>
        )}
      </div>
      <NotificationActions notification={notification} />
      <Facts>
        <Fact name={t`Endpoint`}>
          {subscription.error ? (
            t`deleted`
          ) : (
            <Link to={`/endpoints/${notification.subscriptionId}`}>
              {subscription.data?.name ?? notification.subscriptionId}
            </Link>
          )}
          <div className="muted wrap-anywhere">{subscription.data?.url}</div>
        </Fact>
        {!isCustomer && (
          <Fact name={t`Customer`}>
            <CustomerName id={notification.customerId} />
          </Fact>
        )}
        <Fact name={t`Accepted`}>
          <ExactTime at={notification.createdAt} />
        </Fact>
        <Fact name={t`Event`}>
          <Link to={`/logs?tab=events&event=${encodeURIComponent(notification.eventId)}`}>{notification.eventId}</Link>
        </Fact>
        <Fact name={t`ID`}>
          <Id id={notification.id} />
        </Fact>
      </Facts>
      <section className="stack-s" aria-label={t`Attempts`}>
        <Ladder notification={notification} schedule={schedule} />
      </section>
    </div>
  );
}

function NotificationActions({ notification }: { notification: NotificationDetail }) {
  const { id, status, workflowId } = notification;
  const can = usePermissions();
  const { temporalUiUrl } = useSession();
  const invalidate = ['/v1/notifications', '/v1/subscriptions', '/v1/overview', '/v1/events'];
  const retry = useAction((force: boolean) => api.post(at`/v1/notifications/${id}/retry`, { force }), {
    done: t`Retry started`,
    invalidate,
  });
  const cancel = useAction(() => api.post(at`/v1/notifications/${id}/cancel`), {
    done: t`Notification cancelled`,
    invalidate,
  });
  const workflow = temporalUiUrl && `${temporalUiUrl}/${encodeURIComponent(workflowId)}`;
  return (
    <div className="row">
      {can.manageEndpoints && RETRYABLE.includes(status) && (
        <Button variant="primary" icon={RotateCcw} busy={retry.isPending} onClick={() => retry.mutate(false)}>
          <Trans>Retry now</Trans>
        </Button>
      )}
      {/* A question that is open stays when the notification changes: the next click is meant for it. */}
      {can.manageEndpoints && (
        <Confirm
          trigger={
            status === 'delivered' && (
              <Button icon={RotateCcw}>
                <Trans>Deliver again</Trans>
              </Button>
            )
          }
          title={t`Deliver this notification again?`}
          action={t`Deliver again`}
          danger={false}
          onConfirm={() => retry.mutateAsync(true)}
        >
          <p>
            <Trans>
              The receiver already has it. The webhook-id stays the same, so the receiver can detect the duplicate.
            </Trans>
          </p>
        </Confirm>
      )}
      {can.manageEndpoints && (
        <Confirm
          trigger={
            !CLOSED.includes(status) && (
              <Button icon={Ban}>
                <Trans>Cancel</Trans>
              </Button>
            )
          }
          title={t`Cancel this notification?`}
          action={t`Cancel notification`}
          dismiss={t`Keep notification`}
          onConfirm={() => cancel.mutateAsync()}
        >
          <p>
            <Trans>It will not be attempted again unless you retry it. An attempt in progress will finish.</Trans>
          </p>
        </Confirm>
      )}
      {can.manageEndpoints && <RecoverFrom notification={notification} offered={UNDELIVERED.includes(status)} />}
      {can.manageEndpoints && <SendToButton notification={notification} />}
      {workflow && !can.isCustomer && (
        <a className="button button-plain" href={workflow} target="_blank" rel="noreferrer">
          <Waypoints size={16} aria-hidden />
          <Trans>Workflow</Trans>
        </a>
      )}
    </div>
  );
}
