import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Search } from 'lucide-react';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { Button } from '../../ui/button';
import styles from './command-menu.module.css';

const Palette = lazy(() => import('./palette'));

const OPEN = 'signpost:palette';
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

const openPalette = () => window.dispatchEvent(new Event(OPEN));

/** The command palette, opened by ⌘K or Ctrl+K and by its buttons. Loaded when first opened. */
export function CommandMenu() {
  const [open, setOpen] = useState(false);
  const typed = useRef('');
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
  useEffect(() => {
    typed.current = '';
  }, [open]);
  if (!open) return null;
  const close = () => setOpen(false);
  return (
    <Suspense fallback={<Loading onType={(text) => (typed.current = text)} onClose={close} />}>
      <Palette readTyped={() => typed.current} onClose={close} />
    </Suspense>
  );
}

/** Takes what is typed while the palette is being loaded: people type right after the shortcut. */
function Loading({ onType, onClose }: { onType(text: string): void; onClose(): void }) {
  return (
    <div className="overlay">
      <input
        className="sr-only"
        aria-label={t`Search`}
        autoFocus
        onChange={(event) => onType(event.target.value)}
        onKeyDown={({ key }) => key === 'Escape' && onClose()}
      />
    </div>
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
