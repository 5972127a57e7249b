import { ArrowRight, Send, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { useRead } from '../../../api/queries';
import type { Subscription } from '../../../api/types';
import { StatusBadge } from '../../../ui/badge';
import { Button, ButtonLink } from '../../../ui/button';
import { CodeBlock } from '../../../ui/copy';
import { Card, PageHead } from '../../../ui/page';
import { ChallengeResult, useChallenge } from '../shared/challenge';
import { Notice } from '../shared/notice';
import { TriggerDialog } from '../dialogs/trigger';

/** Shows the new endpoint's secret, which the API returns only once, and the next steps. */
export function Created({ subscription: created }: { subscription: Subscription }) {
  // Read again, because an approval or a challenge changes what is left to do.
  const subscription = useRead<Subscription>(`/v1/subscriptions/${created.id}`).data ?? created;
  const challenge = useChallenge(subscription);
  const [triggering, setTriggering] = useState(false);
  return (
    <>
      <PageHead
        title={`${created.name} created`}
        badge={<StatusBadge status={subscription.status} />}
        crumbs={[{ text: 'Endpoints', to: '/endpoints' }]}
        sub={created.url}
      />
      <div className="stack">
        <Notice subscription={subscription} />
        <Card title="Signing secret">
          <div className="stack-s">
            <p>The receiver uses it to verify that a request came from Signpost. Store it like a password.</p>
            <CodeBlock label="Secret" text={created.secret ?? ''} />
          </div>
        </Card>
        <Card title="Next steps">
          <div className="stack">
            <div className="row">
              <Button icon={ShieldCheck} busy={challenge.isPending} onClick={() => challenge.mutate()}>
                Run challenge
              </Button>
              <Button icon={Send} onClick={() => setTriggering(true)}>
                Trigger now
              </Button>
              <ButtonLink to={`/endpoints/${created.id}`} variant="primary" icon={ArrowRight}>
                View endpoint
              </ButtonLink>
            </div>
            {challenge.data && <ChallengeResult challenge={challenge.data} />}
          </div>
        </Card>
      </div>
      <TriggerDialog subscription={subscription} open={triggering} onClose={() => setTriggering(false)} />
    </>
  );
}
