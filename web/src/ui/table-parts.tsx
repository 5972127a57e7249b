import { t } from '@lingui/core/macro';
import type { CSSProperties } from 'react';
import type { Column, Selection } from './column';
import { midSentence } from './states';

const DEFAULT_WIDTH = 120;

/** The columns that a screen has room for. @param width - of `useScreenWidth` */
export function columnsFor<T>(columns: Column<T>[], width: number): Column<T>[] {
  return columns.filter(({ wide, roomy, spacious }) => width >= (spacious ? 3 : roomy ? 2 : wide ? 1 : 0));
}

/** The classes of a column's cells. */
export function cellClass({ grow, align }: Column<never>): string | undefined {
  return [grow && 'cell-grow', align === 'end' && 'cell-end'].filter(Boolean).join(' ') || undefined;
}

/** Widths as variables, because the style chooses one by the width of the screen. */
export function widthStyle({ grow, width = DEFAULT_WIDTH, narrow = width }: Column<never>): CSSProperties {
  return grow ? {} : ({ '--width': `${width}px`, '--narrow': `${narrow}px` } as CSSProperties);
}

/** Has the height of the table that follows, so that nothing below it moves. */
export function TableSkeleton() {
  return (
    <div className="table-skeleton" role="status" aria-label={t`Loading`}>
      {Array.from({ length: 8 }, (_, index) => (
        <div key={index}>
          <div className="skeleton" />
          <div className="skeleton" />
          <div className="skeleton" />
        </div>
      ))}
    </div>
  );
}

/**
 * The height of the rows that are not in the document. Has one cell: a span over hidden columns
 * would take width from the others.
 */
export function Spacer({ height }: { height: number }) {
  return height > 0 ? (
    <tr aria-hidden>
      <td style={{ height, padding: 0, border: 0 }} />
    </tr>
  ) : null;
}

/** Selects all loaded rows, or none. */
export function SelectAll({
  label,
  ids,
  selection,
  onChange,
}: {
  label: string;
  ids: string[];
  selection: Selection;
  onChange(selection: Selection): void;
}) {
  const count = ids.reduce((sum, id) => sum + (selection[id] ? 1 : 0), 0);
  const all = count === ids.length;
  return (
    <input
      type="checkbox"
      aria-label={t`Select all loaded ${midSentence(label)}`}
      checked={all}
      ref={(input) => {
        if (input) input.indeterminate = count > 0 && !all;
      }}
      onChange={() => onChange(all ? {} : Object.fromEntries(ids.map((id) => [id, true])))}
    />
  );
}
