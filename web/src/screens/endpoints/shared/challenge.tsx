import { api, at } from '../../../api/client';
import { useAction } from '../../../api/queries';
import type { Challenge, Subscription } from '../../../api/types';
import { ResponseBadge, StatusBadge } from '../../../ui/badge';
import { formatMilliseconds } from '../../../ui/time';

/** Runs a challenge. It takes as long as the receiver does, up to 10 seconds. */
export function useChallenge({ id }: Pick<Subscription, 'id'>) {
  return useAction(() => api.post<Challenge>(at`/v1/subscriptions/${id}/challenge`), {
    invalidate: ['/v1/subscriptions'],
  });
}

export function ChallengeResult({
  challenge: { status, detail, responseStatus, durationMs },
}: {
  challenge: Challenge;
}) {
  return (
    <div role="status" className={status === 'verified' ? 'notice notice-ok' : 'notice notice-bad'}>
      <div className="row">
        <StatusBadge status={status} />
        {responseStatus !== null && <ResponseBadge status={responseStatus} />}
        <span className="muted">{formatMilliseconds(durationMs)}</span>
      </div>
      <p>{detail}</p>
    </div>
  );
}
