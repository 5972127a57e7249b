import { Trans } from '@lingui/react/macro';
import { Link } from 'react-router';
import type { Notification } from '../../../api/types';
import { ResponseBadge, StatusBadge } from '../../../ui/badge';
import { Countdown, Time } from '../../../ui/time';
import styles from '../shared/endpoints.module.css';

export function NotificationRow({ notification }: { notification: Notification }) {
  const { id, eventType, status, lastResponseStatus, lastError, attemptCount, nextAttemptAt, createdAt } = notification;
  return (
    <li className={styles.latest}>
      <StatusBadge status={status} />
      <Link to={`/logs?open=${id}`} className="grow wrap-anywhere">
        {eventType}
      </Link>
      {attemptCount > 0 && <ResponseBadge status={lastResponseStatus} errorClass={lastError?.class} />}
      {status === 'retrying' && nextAttemptAt && (
        <span className="muted">
          <Trans>
            retry <Countdown inSentence until={nextAttemptAt} />
          </Trans>
        </span>
      )}
      <span className="muted">
        <Time at={createdAt} />
      </span>
    </li>
  );
}
