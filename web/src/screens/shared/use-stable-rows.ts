import { useState, useSyncExternalStore } from 'react';

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
 * @param rows - newest first
 * @param view - identifies the filters; a new view starts over
 * @param busy - the user is working with rows, for example has some selected
 * @returns the rows to show, how many newer ones are withheld, and a function that shows them
 */
export function useStableRows<T extends { id: string }>(rows: T[], view: string, busy: boolean) {
  const scrolled = useSyncExternalStore(subscribe, () => isScrolled);
  const [held, setHeld] = useState({ view, top: rows[0]?.id });
  const newest = rows[0]?.id;
  const holds = (scrolled || busy) && held.view === view && held.top !== undefined;
  if (!holds && (held.top !== newest || held.view !== view)) setHeld({ view, top: newest });
  const newer = holds ? rows.filter(({ id }) => id > held.top!).length : 0;
  return { shown: newer > 0 ? rows.slice(newer) : rows, newer, showNewer: () => setHeld({ view, top: newest }) };
}
