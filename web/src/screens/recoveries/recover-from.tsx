import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { History, RotateCcw } from 'lucide-react';
import { useState } from 'react';
import type { Notification } from '../../api/types';
import { Button } from '../../ui/button';
import { RangeRecovery } from './range-recovery';

/** Retries what an endpoint failed to get since a notification, with it. */
export function RecoverFrom({
  notification: { subscriptionId, createdAt },
  offered,
}: {
  notification: Pick<Notification, 'subscriptionId' | 'createdAt'>;
  /** Whether there is a button. The dialog stays, as the recovery changes the notification. */
  offered: boolean;
}) {
  const [open, setOpen] = useState(false);
  return (
    <>
      {offered && (
        <Button icon={History} onClick={() => setOpen(true)}>
          <Trans>Recover from here…</Trans>
        </Button>
      )}
      {open && (
        <RangeRecovery
          scope={{ subscriptionId, since: createdAt }}
          title={t`Recover from here`}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}

/** Retries what the endpoints of a customer failed to get in a time range. */
export function RecoverCustomer({ customerId }: { customerId: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon={RotateCcw} onClick={() => setOpen(true)}>
        <Trans>Recover…</Trans>
      </Button>
      {open && <RangeRecovery scope={{ customerId }} title={t`Recover ${customerId}`} onClose={() => setOpen(false)} />}
    </>
  );
}
