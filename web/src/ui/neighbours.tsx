import { t } from '@lingui/core/macro';
import { ChevronDown, ChevronUp } from 'lucide-react';
import { useEffect } from 'react';
import { Button } from './button';

/** What leads from the row in a drawer to the rows around it. */
export interface Neighbours {
  /** Absent at the first row. */
  previous?: () => void;
  /** Absent at the last row. */
  next?: () => void;
}

/** Returns the neighbours of the row that the drawer shows; none if the list lacks it. */
export function neighboursOf<Row>(
  rows: readonly Row[],
  drawer: { id: string | null; show(id: string): void },
  idOf: (row: Row) => string,
): Neighbours {
  const index = drawer.id === null ? -1 : rows.findIndex((row) => idOf(row) === drawer.id);
  const at = (position: number) => rows[position] && (() => drawer.show(idOf(rows[position]!)));
  return index < 0 ? {} : { previous: at(index - 1), next: at(index + 1) };
}

const KEYS: Record<string, keyof Neighbours> = { k: 'previous', ArrowUp: 'previous', j: 'next', ArrowDown: 'next' };
/** What uses letters or arrows itself. */
const KEEPS_KEYS = 'input, textarea, select, pre, [role=tab], [role=menu], [role=listbox]';

/** Buttons for the previous and the next row, with ↑ ↓ and K J as their keys. */
export function NeighbourButtons({ neighbours }: { neighbours: Neighbours }) {
  useEffect(() => {
    const handle = (event: KeyboardEvent) => {
      const step = KEYS[event.key];
      if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest(KEEPS_KEYS)) return;
      // A dialog over the drawer has the keys.
      if (document.querySelectorAll('[role=dialog], [role=alertdialog]').length > 1) return;
      event.preventDefault();
      neighbours[step]?.();
    };
    addEventListener('keydown', handle);
    return () => removeEventListener('keydown', handle);
  });
  if (!neighbours.previous && !neighbours.next) return null;
  return (
    <div className="row-nowrap">
      <Button
        variant="ghost"
        icon={ChevronUp}
        label={t`Previous`}
        title={t`Previous (K or ↑)`}
        disabled={!neighbours.previous}
        onClick={neighbours.previous}
      />
      <Button
        variant="ghost"
        icon={ChevronDown}
        label={t`Next`}
        title={t`Next (J or ↓)`}
        disabled={!neighbours.next}
        onClick={neighbours.next}
      />
    </div>
  );
}
