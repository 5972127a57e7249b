import { Link } from 'react-router';
import { at } from '../../api/client';
import { useRead } from '../../api/queries';
import type { Notification, SignpostEvent } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import { CodeBlock, Id } from '../../ui/copy';
import { Drawer } from '../../ui/dialog';
import { Fact, Facts } from '../../ui/page';
import { Loaded } from '../../ui/states';
import { Time } from '../../ui/time';
import { useEndpointName } from '../shared/endpoint-name';

/** An event and its notifications. @param id - null: closed */
export function EventDrawer({ id, onClose }: { id: string | null; onClose(): void }) {
  return (
    <Drawer open={id !== null} onClose={onClose} title="Event">
      {id && <Content id={id} />}
    </Drawer>
  );
}

function Content({ id }: { id: string }) {
  const query = useRead<SignpostEvent & { notifications: Notification[] }>(at`/v1/events/${id}`);
  return (
    <Loaded query={query}>
      {(event) => (
        <div className="stack">
          <Facts>
            <Fact name="Type">
              <Link to={`/catalog/${encodeURIComponent(event.type)}`}>{event.type}</Link>
            </Fact>
            <Fact name="Customer">{event.customerId ?? 'All customers of the product'}</Fact>
            <Fact name="Occurred">
              <Time at={event.timestamp} />
            </Fact>
            <Fact name="Accepted">
              <Time at={event.acceptedAt} />
            </Fact>
            {event.channels.length > 0 && <Fact name="Channels">{event.channels.join(', ')}</Fact>}
            <Fact name="ID">
              <Id id={event.id} />
            </Fact>
          </Facts>
          <h3>Data</h3>
          {event.payloadExpired ? (
            <p className="muted">The payload was removed because its retention is over.</p>
          ) : event.payloadWithheld ? (
            <p className="muted">What you receive is composed for each endpoint. Open a delivery to see it.</p>
          ) : (
            <CodeBlock label="Data" text={JSON.stringify(event.data, null, 2)} />
          )}
          {event.user != null && (
            <>
              <h3>User</h3>
              <CodeBlock label="User" text={JSON.stringify(event.user, null, 2)} />
            </>
          )}
          <h3>Notifications</h3>
          {event.notifications.length === 0 ? (
            <p className="muted">No endpoint matched this event when it was accepted.</p>
          ) : (
            <ul className="stack-s">
              {event.notifications.map((notification) => (
                <NotificationRow key={notification.id} notification={notification} />
              ))}
            </ul>
          )}
        </div>
      )}
    </Loaded>
  );
}

function NotificationRow({ notification: { id, status, customerId, subscriptionId } }: { notification: Notification }) {
  return (
    <li className="row-nowrap">
      <StatusBadge status={status} />
      <Link to={`/logs?open=${id}`} className="truncate">
        {useEndpointName(subscriptionId)}
      </Link>
      <span className="muted truncate">{customerId}</span>
    </li>
  );
}
