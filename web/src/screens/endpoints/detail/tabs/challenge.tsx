import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { ShieldCheck } from 'lucide-react';
import { useList } from '../../../../api/lists';
import { usePermissions } from '../../../../api/session';
import type { Challenge, Subscription } from '../../../../api/types';
import { ResponseBadge, StatusBadge } from '../../../../ui/badge';
import { Button } from '../../../../ui/button';
import type { Column } from '../../../../ui/column';
import { CodeBlock } from '../../../../ui/copy';
import { DataTable } from '../../../../ui/data-table';
import { Card } from '../../../../ui/page';
import { Empty } from '../../../../ui/states';
import { formatMilliseconds, TimeCell } from '../../../../ui/time';
import { ChallengeResult, useChallenge } from '../../shared/challenge';

const SAMPLE = `import { createHmac } from 'node:crypto';

app.get('/webhooks', (request, response) => {
  const token = createHmac('sha256', process.env.WEBHOOK_SECRET)
    .update(request.query.crc_token)
    .digest('base64');
  response.json({ response_token: 'sha256=' + token });
});`;

const columns: Column<Challenge>[] = [
  {
    header: t`Result`,
    width: 116,
    cell: (challenge) => <StatusBadge status={challenge.status} />,
  },
  {
    header: t`Response`,
    wide: true,
    width: 110,
    cell: (challenge) => <ResponseBadge status={challenge.responseStatus} errorClass={null} />,
  },
  {
    header: t`Detail`,
    grow: true,
    cell: (challenge) => <span title={challenge.detail}>{challenge.detail}</span>,
  },
  {
    header: t`Response time`,
    wide: true,
    align: 'end',
    width: 124,
    cell: (challenge) => formatMilliseconds(challenge.durationMs),
  },
  {
    header: t`Time`,
    width: 172,
    narrow: 104,
    cell: (challenge) => <TimeCell at={challenge.at} />,
  },
];

/** Runs a challenge, explains how to respond to it, and lists earlier results. */
export function ChallengeTab({ subscription }: { subscription: Subscription }) {
  const can = usePermissions();
  const challenge = useChallenge(subscription);
  const list = useList<Challenge>(`/v1/subscriptions/${subscription.id}/challenges`);
  return (
    <div className="stack">
      <Card
        title={t`Challenge`}
        actions={
          can.manageEndpoints && (
            <Button variant="primary" icon={ShieldCheck} busy={challenge.isPending} onClick={() => challenge.mutate()}>
              {challenge.isPending ? t`Waiting for response…` : t`Run now`}
            </Button>
          )
        }
      >
        <div className="stack-s">
          <p>
            <Trans>
              Signpost sends a GET with a random <code>crc_token</code>. Returning its HMAC proves that you control the
              URL.
            </Trans>
          </p>
          {challenge.data && <ChallengeResult challenge={challenge.data} />}
        </div>
      </Card>
      <Card title={t`How to respond`}>
        <CodeBlock label={t`Responding to a challenge in Node.js`} text={SAMPLE} />
      </Card>
      <Card title={t`History`} flush>
        <DataTable
          label={t`Challenges`}
          list={list}
          columns={columns}
          rowId={({ id }) => id}
          empty={<Empty title={t`No challenges yet`} />}
        />
      </Card>
    </div>
  );
}
