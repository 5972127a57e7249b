import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Search } from 'lucide-react';
import { Suspense, useEffect, useRef, useState } from 'react';
import { Button } from '../../ui/button';
import { lazyInBackground } from '../../ui/prefetch';
import styles from './command-menu.module.css';

const Palette = lazyInBackground(() => import('./palette'));

const OPEN = 'signpost:palette';
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

const openPalette = () => window.dispatchEvent(new Event(OPEN));

/** The command palette, opened by ⌘K or Ctrl+K and by its buttons. */
export function CommandMenu() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const show = () => setOpen(true);
    const handleKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey) || event.shiftKey || event.altKey)
        return;
      event.preventDefault();
      setOpen((shown) => !shown);
    };
    window.addEventListener(OPEN, show);
    window.addEventListener('keydown', handleKeyDown);
    return () => {
      window.removeEventListener(OPEN, show);
      window.removeEventListener('keydown', handleKeyDown);
    };
  }, []);
  return open && <OpenMenu onClose={() => setOpen(false)} />;
}

/**
 * People type right after the shortcut. A field that nobody sees takes what is typed until the
 * palette has the focus, so that no key is lost.
 */
function OpenMenu({ onClose }: { onClose(): void }) {
  const typed = useRef('');
  const [opener] = useState(() => document.activeElement);
  const [isReady, setReady] = useState(false);
  return (
    <>
      {!isReady && (
        <div className="overlay" onPointerDown={onClose}>
          <input
            className="sr-only"
            aria-label={t`Search`}
            autoFocus
            onChange={(event) => (typed.current = event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Tab') event.preventDefault();
              if (event.key === 'Escape') onClose();
            }}
          />
        </div>
      )}
      <Suspense>
        <Palette
          takeTyped={() => {
            setReady(true);
            return typed.current;
          }}
          opener={opener}
          onClose={onClose}
        />
      </Suspense>
    </>
  );
}

/** Opens the palette, and shows its shortcut. */
export function PaletteField() {
  return (
    <button type="button" className={styles.field} onClick={openPalette} aria-keyshortcuts="Meta+K Control+K">
      <Search size={15} aria-hidden />
      <span className="grow">
        <Trans>Search</Trans>
      </span>
      <kbd className={styles.keys}>{isMac ? '⌘K' : 'Ctrl K'}</kbd>
    </button>
  );
}

/** Opens the palette where there is room for an icon only. */
export function PaletteButton() {
  return <Button variant="ghost" icon={Search} label={t`Search`} onClick={openPalette} />;
}
