import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Ban, RotateCcw } from 'lucide-react';
import { Suspense, useState } from 'react';
import type { Notification, NotificationStatus } from '../../api/types';
import { Button } from '../../ui/button';
import { Opening } from '../../ui/opening';
import { lazyInBackground } from '../../ui/prefetch';
import { OPEN, RETRYABLE } from '../shared/notification-status';
import type { BulkAction } from './bulk-dialog';
import styles from './bulk-bar.module.css';

const BulkDialog = lazyInBackground(async () => ({ default: (await import('./bulk-dialog')).BulkDialog }));

/** Actions for the selected notifications. Hidden while none is selected. */
export function BulkBar({ selected, onDone }: { selected: Notification[]; onDone(): void }) {
  const [action, setAction] = useState<BulkAction | null>(null);
  // Fixed when the dialog opens: the action changes the list underneath.
  const [ids, setIds] = useState<string[]>([]);
  const start = (next: BulkAction, statuses: readonly NotificationStatus[]) => {
    setIds(selected.filter(({ status }) => statuses.includes(status)).map(({ id }) => id));
    setAction(next);
  };
  const count = (statuses: readonly NotificationStatus[]) =>
    selected.filter(({ status }) => statuses.includes(status)).length;
  return (
    <>
      {selected.length > 0 && (
        <div className={styles.bar} role="region" aria-label={t`Selected notifications`}>
          <strong className="num">
            <Trans>{selected.length} selected</Trans>
          </strong>
          {count(RETRYABLE) > 0 && (
            <Button small icon={RotateCcw} onClick={() => start('retry', RETRYABLE)}>
              <Trans>Retry {count(RETRYABLE)}</Trans>
            </Button>
          )}
          {count(OPEN) > 0 && (
            <Button small icon={Ban} onClick={() => start('cancel', OPEN)}>
              <Trans>Cancel {count(OPEN)}</Trans>
            </Button>
          )}
          <Button small variant="ghost" onClick={onDone}>
            <Trans>Clear selection</Trans>
          </Button>
        </div>
      )}
      {/* Outside the bar: retried rows may leave the list, and so the selection, while it runs. */}
      {action && (
        <Suspense fallback={<Opening onGiveUp={() => setAction(null)} />}>
          <BulkDialog
            action={action}
            ids={ids}
            onClose={(done) => {
              setAction(null);
              if (done) onDone();
            }}
          />
        </Suspense>
      )}
    </>
  );
}
