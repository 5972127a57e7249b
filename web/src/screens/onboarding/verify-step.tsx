import { Trans } from '@lingui/react/macro';
import { Send, ShieldCheck } from 'lucide-react';
import { api, at } from '../../api/client';
import { useAction } from '../../api/queries';
import type { Notification, Subscription } from '../../api/types';
import { Badge, StatusBadge } from '../../ui/badge';
import { Button } from '../../ui/button';
import { ChallengeResult, useChallenge } from '../endpoints/shared/challenge';
import { DeliveryProgress } from '../endpoints/shared/delivery-progress';

/** Runs the challenge and sends a test notification. */
export function VerifyStep({ endpoint }: { endpoint: Subscription }) {
  const challenge = useChallenge(endpoint);
  const trigger = useAction(() => api.post<Notification>(at`/v1/subscriptions/${endpoint.id}/trigger`), {
    invalidate: ['/v1/subscriptions', '/v1/notifications'],
  });
  return (
    <div className="stack">
      <div className="row">
        <Button icon={ShieldCheck} variant="primary" busy={challenge.isPending} onClick={() => challenge.mutate()}>
          <Trans>Run challenge</Trans>
        </Button>
        <Button icon={Send} busy={trigger.isPending} onClick={() => trigger.mutate()}>
          <Trans>Send a test notification</Trans>
        </Button>
        {endpoint.verification.status === 'unverified' && endpoint.status !== 'unverified' ? (
          // The product does not require a challenge.
          <Badge>
            <Trans>not checked</Trans>
          </Badge>
        ) : (
          <StatusBadge status={endpoint.verification.status} />
        )}
      </div>
      {challenge.data && <ChallengeResult challenge={challenge.data} />}
      {trigger.data && <DeliveryProgress key={trigger.data.id} id={trigger.data.id} />}
    </div>
  );
}
