import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Link } from 'react-router';
import { useRead } from '../../../api/queries';
import type { NotificationDetail } from '../../../api/types';
import { ResponseBadge, StatusBadge } from '../../../ui/badge';
import { Loaded } from '../../../ui/states';
import { Countdown, formatMilliseconds } from '../../../ui/time';
import { MOVING } from '../../shared/notification-status';

const POLL_MS = 1000;

/** The status and attempts of a notification, updated until it settles. */
export function DeliveryProgress({ id }: { id: string }) {
  const query = useRead<NotificationDetail>(
    `/v1/notifications/${id}`,
    {},
    {
      refetchInterval: ({ state }) => (state.data && !MOVING.includes(state.data.status) ? false : POLL_MS),
    },
  );
  return (
    <Loaded query={query} subject={{ one: t`Notification` }}>
      {({ status, attempts, nextAttemptAt, workflowId }) => (
        <div className="stack-s">
          <div className="row" role="status">
            <StatusBadge status={status} />
            {status === 'retrying' && nextAttemptAt && (
              <span>
                <Trans>
                  next attempt <Countdown inSentence until={nextAttemptAt} />
                </Trans>
              </span>
            )}
            <Link to={`/logs?open=${id}`}>
              <Trans>View in logs</Trans>
            </Link>
          </div>
          {attempts.length > 0 && (
            <ul className="stack-s" aria-label={t`Attempts`}>
              {attempts.map((attempt) => (
                <li key={attempt.id} className="row">
                  <span>
                    <Trans>Attempt {attempt.number}</Trans>
                  </span>
                  <ResponseBadge status={attempt.status} errorClass={attempt.error?.class} />
                  <span className="muted">{formatMilliseconds(attempt.durationMs)}</span>
                  {attempt.error && <span className="wrap-anywhere">{attempt.error.message}</span>}
                </li>
              ))}
            </ul>
          )}
          <p className="field-hint wrap-anywhere">
            <Trans>Workflow {workflowId}</Trans>
          </p>
        </div>
      )}
    </Loaded>
  );
}
