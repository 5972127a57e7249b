import { cloneElement, isValidElement, Suspense, useState, type ReactNode } from 'react';
import type { Question } from './open-confirm';
import { Opening } from './opening';
import { lazyInBackground, useEverTrue } from './prefetch';

const OpenConfirm = lazyInBackground(() => import('./open-confirm'));

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
  ...question
}: Question & {
  trigger?: ReactNode;
  open?: boolean;
  onClose?(): void;
}) {
  const [ownOpen, setOwnOpen] = useState(false);
  const shown = open ?? ownOpen;
  const isUsed = useEverTrue(shown);
  const close = () => (onClose ? onClose() : setOwnOpen(false));
  return (
    <>
      {isValidElement<object>(trigger) &&
        cloneElement(trigger, {
          'aria-haspopup': 'dialog',
          'aria-expanded': shown,
          onClick: () => setOwnOpen(true),
        } as object)}
      {isUsed && (
        <Suspense fallback={shown && <Opening onGiveUp={close} />}>
          <OpenConfirm {...question} open={shown} onClose={close} />
        </Suspense>
      )}
    </>
  );
}
