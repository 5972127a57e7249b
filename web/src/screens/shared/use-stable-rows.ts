import { useState, useSyncExternalStore } from 'react';

const READING_FROM_PX = 80;

/** Whether the page is scrolled. Kept, because reading the position forces a layout. */
let isScrolled = false;

function subscribe(listener: () => void): () => void {
  const handle = () => {
    isScrolled = window.scrollY > READING_FROM_PX;
    listener();
  };
  window.addEventListener('scroll', handle, { passive: true });
  return () => {
    window.removeEventListener('scroll', handle);
    isScrolled = false;
  };
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
