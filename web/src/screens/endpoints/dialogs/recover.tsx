import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { api, at } from '../../../api/client';
import { useAction, useRead } from '../../../api/queries';
import type { Notification, Page, Recovery, Subscription } from '../../../api/types';
import { Button } from '../../../ui/button';
import { Actions, Dialog } from '../../../ui/dialog';
import { Form, SelectField, TextField } from '../../../ui/form';
import { StartedRecovery } from '../../recoveries/bulk-recovery';
import { RangeForm } from '../../recoveries/range-recovery';
import { formatDuration } from '../../../ui/time';

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 86_400;
const PERIODS = [
  { seconds: HOUR_SECONDS, text: t`Last hour` },
  { seconds: DAY_SECONDS, text: t`Last 24 hours` },
  { seconds: 7 * DAY_SECONDS, text: t`Last 7 days` },
  { seconds: 30 * DAY_SECONDS, text: t`Last 30 days` },
];
const COUNT_LIMIT = 200;

interface DialogProps {
  subscription: Subscription;
  open: boolean;
  onClose(): void;
}

/** Retries what failed for the endpoint since a given time, at a rate its receiver can handle. */
export function RecoverDialog({ subscription, open, onClose }: DialogProps) {
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t`Recover`}
      description={t`Retries the failed notifications of ${subscription.name}, oldest first.`}
    >
      <RecoverForm subscription={subscription} onClose={onClose} />
    </Dialog>
  );
}

/** The form that starts a recovery, then its progress. */
export function RecoverForm({ subscription, onClose }: Omit<DialogProps, 'open'>) {
  // Computed once per choice: a `since` that moves with the clock would be a new query on every
  // render.
  const [since, setSince] = useState(() => secondsAgo(DAY_SECONDS));
  const [rate, setRate] = useState('10');
  const [ranged, setRanged] = useState(false);
  const failed = useRead<Page<Notification>>(`/v1/subscriptions/${subscription.id}/notifications`, {
    status: 'failed',
    since: since.at,
    limit: COUNT_LIMIT,
  }).data;
  const start = useAction(
    () =>
      api.post<Recovery>(at`/v1/subscriptions/${subscription.id}/recover`, {
        since: since.at,
        ratePerSecond: Number(rate || NaN),
      }),
    { quiet: true, invalidate: ['/v1/recoveries', '/v1/subscriptions', '/v1/notifications'] },
  );
  if (ranged)
    return (
      <RangeForm
        scope={{ subscriptionId: subscription.id }}
        title={t`Recover ${subscription.name}`}
        onClose={onClose}
      />
    );
  if (start.data) return <StartedRecovery id={start.data.id} onClose={onClose} />;
  const count = failed?.items.length;
  const more = failed?.nextCursor !== null;
  const seconds = count && Number(rate) > 0 ? Math.ceil(count / Number(rate)) : 0;
  return (
    <Form label={t`Recover`} error={start.error} onSubmit={() => start.mutate()}>
      <SelectField
        label={t`Accepted`}
        pointer="/since"
        value={since.seconds}
        onChange={(next) => setSince(secondsAgo(Number(next)))}
      >
        {PERIODS.map(({ seconds: span, text }) => (
          <option key={span} value={span}>
            {text}
          </option>
        ))}
      </SelectField>
      <TextField
        label={t`Retries per second`}
        pointer="/ratePerSecond"
        type="number"
        min={0.1}
        max={1000}
        step="any"
        value={rate}
        onChange={setRate}
      />
      <p role="status">
        {count === undefined
          ? t`Counting…`
          : count === 0
            ? t`No failed notifications in this period.`
            : more
              ? t`${count} or more failed. Retrying them takes at least ${formatDuration(seconds)}.`
              : t`${count} failed. Retrying them takes about ${formatDuration(seconds)}.`}
      </p>
      <Actions>
        <Button variant="ghost" onClick={() => setRanged(true)}>
          <Trans>More options…</Trans>
        </Button>
        <Button onClick={onClose}>
          <Trans>Cancel</Trans>
        </Button>
        <Button type="submit" variant="primary" icon={RotateCcw} busy={start.isPending} disabled={!count}>
          <Trans>Recover</Trans>
        </Button>
      </Actions>
    </Form>
  );
}

function secondsAgo(seconds: number): { seconds: number; at: string } {
  return { seconds, at: new Date(Date.now() - seconds * 1000).toISOString() };
}
