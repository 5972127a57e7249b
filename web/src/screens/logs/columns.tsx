import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import type { Notification } from '../../api/types';
import { StatusBadge } from '../../ui/badge';
import type { Column } from '../../ui/column';
import { OffPhone, OnPhone } from '../../ui/screen';
import { Countdown, Time, TimeCell } from '../../ui/time';
import { EndpointName, EndpointText } from '../shared/endpoint-name';
import styles from './columns.module.css';

export function notificationColumns(isCustomer: boolean, onOpen: (id: string) => void): Column<Notification>[] {
  return [
    {
      header: t`Status`,
      width: 126,
      narrow: 118,
      cell: (notification) => <StatusBadge status={notification.status} />,
    },
    {
      header: t`Event type`,
      grow: true,
      cell: (notification) => (
        <div className={styles.named}>
          <button type="button" className="link-button truncate" onClick={() => onOpen(notification.id)}>
            {notification.eventType}
          </button>
          <OffPhone>
            <span className="muted truncate">
              {isCustomer ? notification.eventId : `${notification.customerId} · ${notification.eventId}`}
            </span>
          </OffPhone>
          <OnPhone>
            <span className="muted truncate">
              <Time at={notification.createdAt} /> · <EndpointText id={notification.subscriptionId} />
              {!isCustomer && ` · ${notification.customerId}`}
            </span>
          </OnPhone>
        </div>
      ),
    },
    {
      header: t`Endpoint`,
      wide: true,
      width: 150,
      cell: (notification) => <EndpointName id={notification.subscriptionId} />,
    },
    {
      header: t`Result`,
      roomy: true,
      width: 176,
      cell: (notification) => <Result notification={notification} />,
    },
    {
      header: t`Accepted`,
      wide: true,
      width: 172,
      cell: (notification) => <TimeCell at={notification.createdAt} />,
    },
  ];
}

/** The last response or error, and how many attempts that took or when the next one is. */
function Result({ notification }: { notification: Notification }) {
  const { attemptCount, lastError, lastResponseStatus, status, nextAttemptAt } = notification;
  if (attemptCount === 0) return null;
  const text = lastError?.message ?? `HTTP ${lastResponseStatus}`;
  return (
    <span className="cell-lines" title={text}>
      <span className={lastError ? 'text-bad' : undefined}>{text}</span>
      <span className="muted">
        {plural(attemptCount, { one: '# attempt', other: '# attempts' })}
        {status === 'retrying' && nextAttemptAt && (
          <>
            {', '}
            <Trans>
              next <Countdown inSentence until={nextAttemptAt} />
            </Trans>
          </>
        )}
      </span>
    </span>
  );
}
