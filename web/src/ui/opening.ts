import { useEffect } from 'react';
import { useLatest } from './use-latest';

/**
 * Gives up what was to open, if the user goes on to something else while it loads: it would come in
 * between, and take the focus.
 */
export function useGiveUp(isLoading: boolean, onGiveUp: () => void): void {
  const giveUp = useLatest(onGiveUp);
  useEffect(() => {
    if (!isLoading) return;
    const handleKey = (event: KeyboardEvent) => {
      if (event.key === 'Tab') return giveUp();
      if (event.key !== 'Escape') return;
      // The panel behind it stays open.
      event.stopPropagation();
      giveUp();
    };
    const handlePointer = ({ target }: PointerEvent) => {
      // A link leads to another screen, without what was to open. To give up a drawer is to go
      // back, which would undo that.
      if (!(target instanceof Element && target.closest('a[href]'))) giveUp();
    };
    addEventListener('keydown', handleKey, true);
    addEventListener('pointerdown', handlePointer, true);
    return () => {
      removeEventListener('keydown', handleKey, true);
      removeEventListener('pointerdown', handlePointer, true);
    };
  }, [isLoading, giveUp]);
}

/** In place of a panel while it loads. */
export function Opening({ onGiveUp }: { onGiveUp(): void }) {
  useGiveUp(true, onGiveUp);
  return null;
}
