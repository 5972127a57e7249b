import { Suspense, useEffect } from 'react';
import { setWindowTitle } from '../api/branding';
import { useDrawerWidth } from './drawer-width';
import { NeighbourButtons, type Neighbours } from './neighbours';
import { Opening } from './opening';
import type { Frame, PanelProps } from './panel';
import { lazyInBackground, useEverTrue } from './prefetch';

export { Actions } from './actions';
export { Confirm } from './dialog-confirm';

const OpenPanel = lazyInBackground(() => import('./panel'));

/** A centered dialog. On a narrow screen it takes the full width. */
export function Dialog({ wide = false, ...panel }: PanelProps & { wide?: boolean }) {
  return <Panel {...panel} className={wide ? 'dialog dialog-wide' : 'dialog'} />;
}

/**
 * A panel from the right, for the details of a list row.
 *
 * @param rowId - the row that it shows
 * @param neighbours - what leads to the rows around it
 */
export function Drawer({ neighbours, ...panel }: PanelProps & { rowId?: string | null; neighbours?: Neighbours }) {
  useWindowTitle(panel.open ? panel.title : undefined);
  const { style, edge, button } = useDrawerWidth();
  const tools = (
    <>
      {neighbours && <NeighbourButtons neighbours={neighbours} />}
      {button}
    </>
  );
  return <Panel {...panel} tools={tools} edge={edge} style={style} className="drawer" />;
}

function Panel(props: PanelProps & Frame) {
  const isUsed = useEverTrue(props.open);
  return (
    isUsed && (
      <Suspense fallback={props.open && <Opening onGiveUp={props.onClose} />}>
        <OpenPanel {...props} />
      </Suspense>
    )
  );
}

/** The title of the window while a drawer is open, so that the entries of the history differ. */
function useWindowTitle(title: string | undefined) {
  useEffect(() => {
    if (title === undefined) return;
    const before = document.title;
    setWindowTitle(title);
    return () => void (document.title = before);
  }, [title]);
}
