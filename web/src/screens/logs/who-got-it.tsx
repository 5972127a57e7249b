import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Plus, Send } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { useList } from '../../api/lists';
import { usePermissions } from '../../api/session';
import type { RoutedSubscription, SignpostEvent } from '../../api/types';
import { at } from '../../api/client';
import { StatusBadge } from '../../ui/badge';
import { Button, ButtonLink } from '../../ui/button';
import { Failed, Skeleton } from '../../ui/states';
import { statusText } from '../../ui/status-text';
import { MOVING, OPEN } from '../shared/notification-status';
import { routingReason } from './routing-reason';
import { SendTo } from './send-to';
import styles from './who-got-it.module.css';

const REFRESH_MS = 2000;

/** All endpoints that an event could reach: its deliveries, and why the others did not get it. */
export function WhoGotIt({ event }: { event: SignpostEvent }) {
  const { manageEndpoints, write } = usePermissions();
  const [isMoving, setMoving] = useState(false);
  const list = useList<RoutedSubscription>(
    at`/v1/events/${event.webhookId}/routing`,
    {},
    { refetchMs: isMoving ? REFRESH_MS : undefined },
  );
  const moves = list.rows.some(({ notification }) => notification && MOVING.includes(notification.status));
  if (moves !== isMoving) setMoving(moves);
  /** The endpoint to send the event to; empty: one that is still to be chosen. */
  const [target, setTarget] = useState<{ id: string; name: string } | null>(null);
  const canSend = manageEndpoints && !event.payloadExpired;
  return (
    <section className="stack-s" aria-label={t`Who got it`}>
      <div className="row spread">
        <h3>
          <Trans>Who got it</Trans>
        </h3>
        {canSend && (
          <Button small icon={Send} onClick={() => setTarget({ id: '', name: '' })}>
            <Trans>Send to…</Trans>
          </Button>
        )}
      </div>
      {list.error && list.rows.length === 0 ? (
        <Failed what={t`the endpoints`} error={list.error} onRetry={() => void list.refetch()} />
      ) : list.isPending ? (
        <Skeleton lines={2} />
      ) : list.rows.length === 0 ? (
        <div className={styles.none}>
          <p>
            {event.customerId === null
              ? t`No customer of the product has an endpoint.`
              : t`The customer has no endpoint.`}
          </p>
          {write && event.customerId !== null && (
            <ButtonLink small icon={Plus} to={`/endpoints/new?customerId=${encodeURIComponent(event.customerId)}`}>
              <Trans>New endpoint</Trans>
            </ButtonLink>
          )}
        </div>
      ) : (
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">
                <Trans>Endpoint</Trans>
              </th>
              <th scope="col">
                <Trans>Result</Trans>
              </th>
              {canSend && (
                <th scope="col">
                  <span className="sr-only">
                    <Trans>Actions</Trans>
                  </span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {list.rows.map((routed) => (
              <tr key={routed.subscriptionId}>
                <td>
                  <Link to={`/endpoints/${routed.subscriptionId}`} className="wrap-anywhere">
                    {routed.name}
                  </Link>
                  {routed.customerId !== event.customerId && (
                    <div className="muted wrap-anywhere">{routed.customerId}</div>
                  )}
                </td>
                <td>
                  <Result routed={routed} event={event} />
                </td>
                {canSend && (
                  <td className={styles.action}>
                    {!isOpen(routed) && (
                      <Button
                        small
                        variant="ghost"
                        icon={Send}
                        label={t`Send to ${routed.name}`}
                        onClick={() => setTarget({ id: routed.subscriptionId, name: routed.name })}
                      />
                    )}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {list.hasNextPage && (
        <Button small busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          <Trans>Show more endpoints</Trans>
        </Button>
      )}
      {list.rows.length > 0 && (
        <p className="muted">
          <Trans>
            Endpoints are compared as they are now.{' '}
            <Link to={`/logs?q=${encodeURIComponent(event.webhookId)}`}>All deliveries of this event</Link>
          </Trans>
        </p>
      )}
      {target && <SendTo event={event} target={target} onClose={() => setTarget(null)} />}
    </section>
  );
}

const isOpen = ({ notification }: RoutedSubscription) => notification !== null && OPEN.includes(notification.status);

function Result({ routed, event }: { routed: RoutedSubscription; event: SignpostEvent }) {
  const { notification, status } = routed;
  if (!notification)
    return (
      <>
        <strong className={styles.not}>
          <Trans>Not sent.</Trans>
        </strong>{' '}
        {routingReason(routed, event)}
      </>
    );
  return (
    <>
      <Link
        to={`/logs?open=${notification.id}`}
        aria-label={t`${statusText(notification.status)}: open the notification`}
      >
        <StatusBadge status={notification.status} />
      </Link>
      {notification.status === 'held' && status !== 'enabled' && (
        <div className="muted">
          <Trans>The endpoint is {statusText(status)}.</Trans>
        </div>
      )}
    </>
  );
}
