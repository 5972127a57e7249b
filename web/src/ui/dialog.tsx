import { X } from 'lucide-react';
import { AlertDialog, Dialog as Radix } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import { Button } from './button';

interface Shown {
  open: boolean;
  onClose(): void;
  title: string;
  /** One sentence under the title. */
  description?: ReactNode;
  children: ReactNode;
}

/** A dialog in the middle; on a narrow screen it takes the whole width. */
export function Dialog({ open, onClose, title, description, children, wide = false }: Shown & { wide?: boolean }) {
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

/** A panel from the right, for details of what was chosen in a list. */
export function Drawer({ open, onClose, title, description, children }: Shown) {
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
        <Button look="ghost" icon={X} label="Close" />
      </Radix.Close>
    </header>
  );
}

/** Buttons at the end of a dialog or form; on a narrow screen under each other. */
export function Actions({ children }: { children: ReactNode }) {
  return <div className="actions">{children}</div>;
}

/**
 * Asks before something that cannot be taken back, and says what will happen. Stays open while it is done, and when it failed.
 *
 * @param trigger - what opens it; or control it by `open` and `onClose`
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
  /** What will happen. */
  children: ReactNode;
  /** The verb on the button. */
  action: string;
  /** The button that changes nothing. Give it another name if the action itself is a cancellation. */
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
      // The action has said why.
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
            <Button look={danger ? 'danger' : 'primary'} busy={busy} onClick={() => void confirm()}>
              {action}
            </Button>
          </Actions>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
