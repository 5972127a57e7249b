import { t } from '@lingui/core/macro';
import { memo, type ReactNode } from 'react';
import type { Column } from './column';
import { cellClass } from './table-parts';
import type { Zone } from './zone';

interface RowProps<T> {
  id: string;
  /** What the cells show, and with `columns` all that they depend on. */
  row: T;
  columns: Column<T>[];
  index: number;
  /** In which cells show times. */
  zone: Zone;
  /** Undefined: the table has no selection. */
  selected: boolean | undefined;
  onSelect(id: string, selected: boolean): void;
  onOpen: ((row: T) => void) | undefined;
}

/**
 * A row of a table. Rendered again only when it has changed itself, not for every other one that
 * scrolls by.
 */
export const TableRow = memo(function TableRow({
  id,
  row,
  columns,
  index,
  selected,
  onSelect,
  onOpen,
}: RowProps<unknown>) {
  return (
    <tr
      data-row={id}
      aria-rowindex={index + 2}
      aria-selected={selected}
      className={onOpen ? 'row-opens' : undefined}
      onClick={(event) => {
        if (!onOpen || (event.target as Element).closest('a,button,input,label,[role=menu]')) return;
        // So that the focus comes back here when what opens is closed.
        event.currentTarget.querySelector<HTMLElement>('a,button')?.focus();
        onOpen(row);
      }}
    >
      {selected !== undefined && (
        <td className="cell-select">
          <input
            type="checkbox"
            aria-label={t`Select ${id}`}
            checked={selected}
            onChange={(event) => onSelect(id, event.target.checked)}
          />
        </td>
      )}
      {columns.map((column) => (
        <td key={column.header ?? 'actions'} className={cellClass(column)}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}) as <T>(props: RowProps<T>) => ReactNode;
