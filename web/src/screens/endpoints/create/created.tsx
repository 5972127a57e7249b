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

/** The endpoint is there: its secret, this once, and what to do next. */
export function Created({ subscription: made }: { subscription: Subscription }) {
  // Approving it, or its challenge, changes what it needs next.
  const subscription = useRead<Subscription>(`/v1/subscriptions/${made.id}`).data ?? made;
  const challenge = useChallenge(subscription);
  const [triggering, setTriggering] = useState(false);
  return (
    <>
      <PageHead
        title={`${made.name} is made`}
        badge={<StatusBadge status={subscription.status} />}
        crumbs={[{ text: 'Endpoints', to: '/endpoints' }]}
        sub={made.url}
      />
      <div className="stack">
        <Notice subscription={subscription} />
        <Card title="Its secret">
          <div className="stack-s">
            <p>The receiver checks with it that what comes is from here. Keep it where you keep passwords.</p>
            <CodeBlock label="Secret" text={made.secret ?? ''} />
          </div>
        </Card>
        <Card title="What next">
          <div className="stack">
            <div className="row">
              <Button icon={ShieldCheck} busy={challenge.isPending} onClick={() => challenge.mutate()}>
                Run challenge
              </Button>
              <Button icon={Send} onClick={() => setTriggering(true)}>
                Trigger now
              </Button>
              <ButtonLink to={`/endpoints/${made.id}`} look="primary" icon={ArrowRight}>
                Open the endpoint
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
