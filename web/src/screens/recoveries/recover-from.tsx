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
          Recover from here…
        </Button>
      )}
      {open && (
        <RangeRecovery
          scope={{ subscriptionId, since: createdAt }}
          title="Recover from here"
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
        Recover…
      </Button>
      {open && <RangeRecovery scope={{ customerId }} title={`Recover ${customerId}`} onClose={() => setOpen(false)} />}
    </>
  );
}
