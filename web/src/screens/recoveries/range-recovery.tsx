import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useState } from 'react';
import { RotateCcw } from 'lucide-react';
import { Button } from '../../ui/button';
import { Actions, Dialog } from '../../ui/dialog';
import { Form, TextField } from '../../ui/form';
import { fromInputTime, inputTime, useZone, zoneName } from '../../ui/zone';
import { TypeFilter } from '../shared/entity-filters';
import { UNDELIVERED } from '../shared/notification-status';
import { BulkForm } from './bulk-recovery';
import type { BulkFilter } from './dry-run';
import styles from './recoveries.module.css';

interface Props {
  /** Whose notifications; `since` is where the range begins at first. */
  scope: Pick<BulkFilter, 'subscriptionId' | 'customerId' | 'productId'> & { since?: string };
  title: string;
  onClose(): void;
}

/** Chooses a time range, an event type and statuses, then counts and retries what matches. */
export function RangeRecovery(props: Props) {
  const { title, onClose } = props;
  return (
    <Dialog open onClose={onClose} title={title} description={t`Retries what was accepted in a time range.`}>
      <RangeForm {...props} />
    </Dialog>
  );
}

/** The content of the dialog. */
export function RangeForm({ scope, title, onClose }: Props) {
  const { since: first = '', ...owner } = scope;
  const [since, setSince] = useState(first);
  const [until, setUntil] = useState('');
  const [type, setType] = useState('');
  const [cancelled, setCancelled] = useState(false);
  const [filter, setFilter] = useState<BulkFilter | null>(null);
  if (filter) return <BulkForm action="retry" filter={filter} onClose={onClose} />;
  return (
    <Form
      label={title}
      onSubmit={() =>
        setFilter({
          ...owner,
          status: cancelled ? [...UNDELIVERED] : ['failed'],
          ...(since !== '' && { since }),
          ...(until !== '' && { until }),
          ...(type !== '' && { type: [type] }),
        })
      }
    >
      <div className={styles.range}>
        <Moment label={t`From`} value={since} onChange={setSince} />
        <Moment label={t`Until`} value={until} onChange={setUntil} />
      </div>
      <TypeFilter value={type} onChange={setType} />
      <label className="row">
        <Trans>
          <input type="checkbox" checked={cancelled} onChange={({ target }) => setCancelled(target.checked)} />
          Include cancelled notifications
        </Trans>
      </label>
      <Actions>
        <Button onClick={onClose}>
          <Trans>Cancel</Trans>
        </Button>
        <Button type="submit" variant="primary" icon={RotateCcw}>
          <Trans>Count…</Trans>
        </Button>
      </Actions>
    </Form>
  );
}

/** A time in the chosen zone. Until it is changed, it keeps the seconds that the field lacks. */
function Moment({ label, value, onChange }: { label: string; value: string; onChange(value: string): void }) {
  return (
    <TextField
      key={useZone()}
      label={`${label} (${zoneName(value || Date.now())})`}
      optional
      type="datetime-local"
      defaultValue={inputTime(value)}
      onChange={(next) => onChange(fromInputTime(next))}
    />
  );
}
