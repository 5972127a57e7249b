import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Ban, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { api } from '../../api/client';
import { useAction } from '../../api/queries';
import type { Recovery } from '../../api/types';
import { formatNumber } from '../../i18n/i18n';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, TextField } from '../../ui/form';
import { formatDuration } from '../../ui/time';
import { useDryRun, type BulkFilter } from './dry-run';
import { describeFilter, RecoveryState } from './outcomes';

const RATES = { retry: '10', cancel: '100' };
const WORDS = {
  retry: { title: t`Retry all that match`, verb: t`Retry`, icon: RotateCcw, rate: t`Retries per second` },
  cancel: { title: t`Cancel all that match`, verb: t`Cancel`, icon: Ban, rate: t`Notifications per second` },
};

interface Props {
  action: 'retry' | 'cancel';
  filter: BulkFilter;
  /** @param done - whether a recovery was started */
  onClose(done: boolean): void;
}

/** Counts what matches, then retries or cancels it on the server and follows that. */
export function BulkRecovery(props: Props) {
  const { action, filter, onClose } = props;
  return (
    <Dialog
      open
      onClose={() => onClose(false)}
      title={WORDS[action].title}
      description={describeFilter({ action, filter: { status: [], ...filter } })}
    >
      <BulkForm {...props} />
    </Dialog>
  );
}

/** The content of the dialog. */
export function BulkForm({ action, filter, onClose }: Props) {
  const [rate, setRate] = useState(RATES[action]);
  const words = WORDS[action];
  const counted = useDryRun(action, filter);
  const start = useAction(
    () => api.post<Recovery>('/v1/recoveries', { action, filter, ratePerSecond: Number(rate || NaN) }),
    { quiet: true, invalidate: ['/v1/recoveries', '/v1/notifications', '/v1/subscriptions', '/v1/overview'] },
  );
  const { count, exceeded } = counted.data ?? {};
  if (start.data) return <StartedRecovery id={start.data.id} onClose={() => onClose(true)} />;
  return (
    <Form label={words.title} error={start.error ?? counted.error} onSubmit={() => start.mutate()}>
      <p role="status">{countText(count, exceeded, Number(rate))}</p>
      <TextField
        label={words.rate}
        pointer="/ratePerSecond"
        type="number"
        min={0.1}
        max={1000}
        step="any"
        value={rate}
        onChange={setRate}
        hint={t`Customers take turns.`}
      />
      <Actions>
        <Button onClick={() => onClose(false)}>{action === 'cancel' ? t`Keep them` : t`Cancel`}</Button>
        <Button
          type="submit"
          variant={action === 'cancel' ? 'danger' : 'primary'}
          icon={words.icon}
          busy={start.isPending}
          disabled={!count || exceeded}
        >
          {count ? `${words.verb} ${formatNumber(count)}` : words.verb}
        </Button>
      </Actions>
    </Form>
  );
}

/** The progress of a recovery that was just started. */
export function StartedRecovery({ id, onClose }: { id: string; onClose(): void }) {
  return (
    <>
      <RecoveryState id={id} onLeave={onClose} />
      <Actions>
        <Link className="button button-plain" to={`/recoveries?open=${id}`} onClick={onClose}>
          <Trans>Open in Recoveries</Trans>
        </Link>
        <Button variant="primary" onClick={onClose}>
          <Trans>Close</Trans>
        </Button>
      </Actions>
    </>
  );
}

function countText(count: number | undefined, exceeded: boolean | undefined, rate: number): string {
  if (count === undefined) return t`Counting…`;
  if (exceeded) return t`More than ${formatNumber(count)} match. Narrow the filter.`;
  if (count === 0) return t`Nothing matches.`;
  const seconds = rate > 0 ? Math.ceil(count / rate) : 0;
  return t`${plural(count, { one: '# notification matches', other: '# notifications match' })}. This takes about ${formatDuration(seconds)}.`;
}
