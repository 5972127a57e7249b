import { t } from '@lingui/core/macro';
import { AlertDialog } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import { Actions } from './actions';
import { Button } from './button';
import { useReturnFocus } from './return-focus';

export interface Question {
  title: string;
  /** Says what will happen. */
  children: ReactNode;
  /** The verb on the button. */
  action: string;
  /** The button that changes nothing. Rename it if the action is itself a cancellation. */
  dismiss?: string;
  danger?: boolean;
  onConfirm(): Promise<unknown>;
}

/** The dialog of `Confirm`. Loaded when one is first used. */
export default function OpenConfirm({
  open,
  onClose,
  title,
  children,
  action,
  dismiss = t`Cancel`,
  danger = true,
  onConfirm,
}: Question & { open: boolean; onClose(): void }) {
  const [busy, setBusy] = useState(false);
  const focus = useReturnFocus();
  async function confirm() {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch {
      // `useAction` has already shown the reason.
    } finally {
      setBusy(false);
    }
  }
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => next || onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="overlay" />
        <AlertDialog.Content className="dialog" {...focus}>
          <AlertDialog.Title>{title}</AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div className="stack-s">{children}</div>
          </AlertDialog.Description>
          <Actions>
            <AlertDialog.Cancel asChild>
              <Button>{dismiss}</Button>
            </AlertDialog.Cancel>
            <Button variant={danger ? 'danger' : 'primary'} busy={busy} onClick={() => void confirm()}>
              {action}
            </Button>
          </Actions>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
