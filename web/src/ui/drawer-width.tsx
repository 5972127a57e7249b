import { t } from '@lingui/core/macro';
import { Maximize2, Minimize2 } from 'lucide-react';
import { useState, type CSSProperties } from 'react';
import { Button } from './button';

const KEY = 'signpost-drawer-width';
const NARROWEST_PX = 420;
/** What stays visible of the list. */
const MARGIN_PX = 80;

const widest = () => window.innerWidth - MARGIN_PX;

function stored(): number | undefined {
  const width = Number(localStorage.getItem(KEY));
  return width > 0 ? width : undefined;
}

/** The width of drawers, which the edge changes by dragging, and a button for keyboards. */
export function useDrawerWidth() {
  const [width, setWidth] = useState(stored);
  const change = (next: number | undefined) => {
    setWidth(next);
    if (next === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, String(next));
  };
  const style: CSSProperties = width === undefined ? {} : { width: `min(${width}px, 100vw)` };
  const edge = (
    <div
      className="drawer-edge"
      aria-hidden
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId))
          change(Math.round(Math.min(widest(), Math.max(NARROWEST_PX, window.innerWidth - event.clientX))));
      }}
    />
  );
  const button = (
    <span className="wide-only">
      <Button
        variant="ghost"
        icon={width === undefined ? Maximize2 : Minimize2}
        label={width === undefined ? t`Widen` : t`Usual width`}
        onClick={() => change(width === undefined ? widest() : undefined)}
      />
    </span>
  );
  return { style, edge, button };
}
