import { useRef, useState, type ReactNode } from 'react';
import { Confirm } from './dialog-confirm';

/**
 * Protects what was typed into a panel. A click beside the panel does not close it then, and Escape
 * and the close button ask first.
 *
 * @param onClose - closes the panel
 */
export function useDiscardGuard(onClose: () => void) {
  const content = useRef<HTMLDivElement>(null);
  const typed = useRef(false);
  const [asking, setAsking] = useState(false);
  /** A form that was replaced by its result holds nothing that could be lost. */
  const isDirty = () => typed.current && content.current?.querySelector('form') != null;
  const question: ReactNode = asking && (
    <Confirm
      open
      onClose={() => setAsking(false)}
      title="Discard what you entered?"
      action="Discard"
      dismiss="Keep editing"
      onConfirm={async () => onClose()}
    >
      <p>It is not saved yet.</p>
    </Confirm>
  );
  return {
    question,
    close: () => (isDirty() ? setAsking(true) : onClose()),
    contentProps: {
      ref: content,
      onInput: () => void (typed.current = true),
      onInteractOutside(event: Event) {
        if (isDirty()) event.preventDefault();
      },
    },
  };
}
