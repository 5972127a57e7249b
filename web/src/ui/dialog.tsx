import { X } from 'lucide-react';
import { AlertDialog, Dialog as Radix } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import { Button } from './button';

interface PanelProps {
  open: boolean;
  onClose(): void;
  title: string;
  /** One sentence under the title. */
  description?: ReactNode;
  children: ReactNode;
}

/** A centered dialog. On a narrow screen it takes the full width. */
export function Dialog({ open, onClose, title, description, children, wide = false }: PanelProps & { wide?: boolean }) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="overlay" />
        <Radix.Content
          className={wide ? 'dialog dialog-wide' : 'dialog'}
          {...(description ? {} : { 'aria-describedby': undefined })}
        >
          <Head title={title} description={description} />
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** A panel from the right, for the details of a list row. */
export function Drawer({ open, onClose, title, description, children }: PanelProps) {
  return (
    <Radix.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="overlay" />
        <Radix.Content className="drawer" {...(description ? {} : { 'aria-describedby': undefined })}>
          <Head title={title} description={description} />
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Head({ title, description }: { title: string; description?: ReactNode }) {
  return (
    <header className="dialog-head">
      <div className="grow">
        <Radix.Title>{title}</Radix.Title>
        {description && (
          <Radix.Description asChild>
            <div className="muted">{description}</div>
          </Radix.Description>
        )}
      </div>
      <Radix.Close asChild>
        <Button variant="ghost" icon={X} label="Close" />
      </Radix.Close>
    </header>
  );
}

/** The buttons of a dialog or form. They stack on a narrow screen. */
export function Actions({ children }: { children: ReactNode }) {
  return <div className="actions">{children}</div>;
}

/**
 * Asks for confirmation and says what will happen. The dialog stays open while `onConfirm` runs,
 * and if it fails.
 *
 * @param trigger - the element that opens the dialog; omit it to control the dialog by `open` and
 * `onClose`
 */
export function Confirm({
  trigger,
  open,
  onClose,
  title,
  children,
  action,
  dismiss = 'Cancel',
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
        <AlertDialog.Content className="dialog">
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
