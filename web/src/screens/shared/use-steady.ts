import { useState, useSyncExternalStore } from 'react';

const READING_FROM_PX = 80;

function subscribe(listener: () => void): () => void {
  window.addEventListener('scroll', listener, { passive: true });
  return () => window.removeEventListener('scroll', listener);
}

/**
 * Keeps a list that is read anew by itself from moving under the reader: what is new goes on top at once only while the top is in sight and nothing is
 * being done with the rows. Ids sort by age.
 *
 * @param rows - newest first
 * @param view - what the list is narrowed to; another view begins anew
 * @param busy - something is being done with the rows, as with those that are selected
 * @returns the rows to show, how many newer ones there are, and what shows them
 */
export function useSteady<T extends { id: string }>(rows: T[], view: string, busy: boolean) {
  const scrolled = useSyncExternalStore(subscribe, () => window.scrollY > READING_FROM_PX);
  const [held, setHeld] = useState({ view, top: rows[0]?.id });
  const newest = rows[0]?.id;
  const holds = (scrolled || busy) && held.view === view && held.top !== undefined;
  if (!holds && (held.top !== newest || held.view !== view)) setHeld({ view, top: newest });
  const newer = holds ? rows.filter(({ id }) => id > held.top!).length : 0;
  return { shown: newer > 0 ? rows.slice(newer) : rows, newer, showNewer: () => setHeld({ view, top: newest }) };
}
