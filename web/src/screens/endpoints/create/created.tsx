import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
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
        title={t`${created.name} created`}
        badge={<StatusBadge status={subscription.status} />}
        crumbs={[{ text: t`Endpoints`, to: '/endpoints' }]}
        sub={created.url}
      />
      <div className="stack">
        <Notice subscription={subscription} />
        <Card title={t`Signing secret`}>
          <div className="stack-s">
            <p>
              <Trans>The receiver uses it to verify that a request came from Signpost. Store it like a password.</Trans>
            </p>
            <CodeBlock label={t`Secret`} text={created.secret ?? ''} />
          </div>
        </Card>
        <Card title={t`Next steps`}>
          <div className="stack">
            <div className="row">
              <Button icon={ShieldCheck} busy={challenge.isPending} onClick={() => challenge.mutate()}>
                <Trans>Run challenge</Trans>
              </Button>
              <Button icon={Send} onClick={() => setTriggering(true)}>
                <Trans>Trigger now</Trans>
              </Button>
              <ButtonLink to={`/endpoints/${created.id}`} variant="primary" icon={ArrowRight}>
                <Trans>View endpoint</Trans>
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
