import { useEffect, useState, useSyncExternalStore } from 'react';
import type { useList } from '../../api/lists';

const READING_FROM_PX = 80;

let isScrolled = false;
const listeners = new Set<() => void>();
let observer: IntersectionObserver | undefined;

/**
 * Follows whether the page is scrolled: its upper edge is then off the screen. Reading the position
 * in each event would force a layout for each.
 */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (!observer) {
    observer = new IntersectionObserver(([entry]) => {
      isScrolled = entry?.isIntersecting === false;
      for (const notify of listeners) notify();
    });
    observer.observe(upperEdge());
  }
  return () => {
    listeners.delete(listener);
  };
}

/** An invisible strip at the top of the page. */
function upperEdge(): HTMLElement {
  const strip = document.createElement('div');
  Object.assign(strip.style, { position: 'absolute', top: '0', width: '1px', height: `${READING_FROM_PX}px` });
  strip.style.pointerEvents = 'none';
  return document.body.appendChild(strip);
}

/**
 * Keeps a refetched list from moving under the reader. New rows go on top immediately only while
 * the top is visible and the user is not busy with rows. IDs sort by age.
 *
 * @param list - newest first
 * @param view - identifies the filters; a new view starts over
 * @param busy - the user is working with rows, for example has some selected
 * @returns the list with the rows to show, how many newer ones are withheld, and a function that
 * shows them
 */
export function useStableRows<T>(
  list: ReturnType<typeof useList<T>>,
  { view, busy, rowId }: { view: string; busy: boolean; rowId(row: T): string },
) {
  const { rows, missing, startOver } = list;
  const scrolled = useSyncExternalStore(subscribe, () => isScrolled);
  const newest = rows[0] && rowId(rows[0]);
  const [held, setHeld] = useState({ view, top: newest });
  const holds = (scrolled || busy) && held.view === view && held.top !== undefined;
  if (!holds && (held.top !== newest || held.view !== view)) setHeld({ view, top: newest });
  const newer = holds ? rows.filter((row) => rowId(row) > held.top!).length : 0;
  const isBehind = missing > 0 && !holds;
  useEffect(() => {
    if (isBehind) startOver();
  });
  return {
    ...list,
    rows: newer > 0 ? rows.slice(newer) : rows,
    newer: newer + missing,
    showNewer() {
      setHeld({ view, top: newest });
      window.scrollTo({ top: 0 });
      // Starting over would take the rows that somebody works with.
      if (!busy) startOver();
      else if (missing > 0) void list.refetch().then(() => setHeld({ view, top: undefined }));
    },
  };
}
