import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
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
      title={t`Discard what you entered?`}
      action={t`Discard`}
      dismiss={t`Keep editing`}
      onConfirm={async () => onClose()}
    >
      <p>
        <Trans>It is not saved yet.</Trans>
      </p>
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
