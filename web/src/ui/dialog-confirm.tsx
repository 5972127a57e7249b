import { t } from '@lingui/core/macro';
import { AlertDialog } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import { Actions } from './actions';
import { Button } from './button';
import { useReturnFocus } from './return-focus';

/**
 * Asks for confirmation and says what will happen. The dialog stays open while `onConfirm` runs,
 * and if it fails.
 *
 * @param trigger - the element that opens the dialog; omit it to control the dialog by `open` and
 * `onClose`. An open dialog stays when its trigger goes
 */
export function Confirm({
  trigger,
  open,
  onClose,
  title,
  children,
  action,
  dismiss = t`Cancel`,
  danger = true,
  onConfirm,
}: {
  trigger?: ReactNode;
  open?: boolean;
  onClose?(): void;
  title: string;
  /** Says what will happen. */
  children: ReactNode;
  /** The verb on the button. */
  action: string;
  /** The button that changes nothing. Rename it if the action is itself a cancellation. */
  dismiss?: string;
  danger?: boolean;
  onConfirm(): Promise<unknown>;
}) {
  const [ownOpen, setOwnOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const focus = useReturnFocus();
  const shown = open ?? ownOpen;
  const close = () => (onClose ? onClose() : setOwnOpen(false));
  async function confirm() {
    setBusy(true);
    try {
      await onConfirm();
      close();
    } catch {
      // `useAction` has already shown the reason.
    } finally {
      setBusy(false);
    }
  }
  return (
    <AlertDialog.Root open={shown} onOpenChange={(next) => (next ? setOwnOpen(true) : close())}>
      {trigger && <AlertDialog.Trigger asChild>{trigger}</AlertDialog.Trigger>}
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
