import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import {
  getCoreRowModel,
  useReactTable,
  type ColumnDef,
  type ColumnMeta,
  type Row as TableRow,
  type RowData,
  type RowSelectionState,
} from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useLayoutEffect, useRef, useState, type CSSProperties, type ReactNode } from 'react';
import { Button } from './button';
import { Failed } from './states';
import { directionOf, SortableHeader } from './sortable-header';
import { cellClass, SelectAll, Spacer, TableSkeleton, Updated } from './table-parts';
import { useLatest } from './use-latest';
import { useZone, type Zone } from './zone';

declare module '@tanstack/react-table' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- must match the extended declaration
  interface ColumnMeta<TData extends RowData, TValue> {
    /** Hidden on narrow screens. */
    wide?: boolean;
    /** Hidden where there is no room for every column. */
    roomy?: boolean;
    /** Hidden unless the screen is wider than those of laptops. */
    spacious?: boolean;
    /** Takes the remaining width. A table has one such column. */
    grow?: boolean;
    /** In pixels, with the padding. */
    width?: number;
    /** The width on narrow screens. */
    narrow?: number;
    align?: 'end';
    /** Sort orders by this column, in the order in which its header takes them. `-`: descending. */
    sorts?: readonly string[];
  }
}

/** Of every row, as in the styles: rows that are measured would move while scrolling. */
const ROW_HEIGHT = 46;
const DEFAULT_WIDTH = 120;
const OVERSCAN = 12;

interface List<T> {
  rows: T[];
  error: unknown;
  isPending: boolean;
  isPlaceholderData: boolean;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  /** When the list was read, in milliseconds; absent for a list that is pushed. */
  dataUpdatedAt?: number;
  fetchNextPage(): unknown;
  refetch(): unknown;
}

/**
 * A list as a virtualized table. Only visible rows are in the document, and the next page loads
 * near the end, so 10,000 rows scroll like 10.
 *
 * @param list - the result of `useList`
 * @param onOpen - called with the clicked row; for keyboard users, the first cell should hold a
 * link or a button that does the same
 */
export function DataTable<T>({
  label,
  list,
  columns,
  rowId,
  onOpen,
  empty,
  selection,
  onSelection,
  sort,
  onSort,
}: {
  label: string;
  list: List<T>;
  columns: ColumnDef<T>[];
  rowId(row: T): string;
  onOpen?(row: T): void;
  empty: ReactNode;
  selection?: RowSelectionState;
  onSelection?(selection: RowSelectionState): void;
  /** The sort order of the list. */
  sort?: string;
  onSort?(sort: string): void;
}) {
  const open = useLatest((row: unknown) => onOpen?.(row as T));
  const select = useLatest((id: string, selected: boolean) => onSelection?.({ ...selection, [id]: selected }));
  const table = useReactTable({ data: list.rows, columns, getRowId: rowId, getCoreRowModel: getCoreRowModel() });
  const zone = useZone();
  const body = useRef<HTMLTableSectionElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    setTop((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
  }, [list.isPending]);
  const { rows } = table.getRowModel();
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    scrollMargin: top,
  });
  const shown = virtual.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !list.error && rows.length > 0 && lastShown >= rows.length - OVERSCAN)
      void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, list.error, lastShown, rows.length]);

  if (list.isPending && !list.error) return <TableSkeleton />;
  if (list.error && rows.length === 0)
    return <Failed what={label} error={list.error} onRetry={() => void list.refetch()} />;
  if (rows.length === 0) return <>{empty}</>;
  const before = (shown[0]?.start ?? top) - top;
  const after = virtual.getTotalSize() - ((shown.at(-1)?.end ?? top) - top);
  return (
    <div
      className={list.isPlaceholderData ? 'table-frame table-stale' : 'table-frame'}
      tabIndex={0}
      role="group"
      aria-label={label}
    >
      <table className="table table-list" aria-rowcount={hasNextPage ? -1 : rows.length + 1}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {onSelection && (
                <th scope="col" className="cell-select">
                  <SelectAll
                    label={label}
                    ids={rows.map(({ id }) => id)}
                    selection={selection ?? {}}
                    onChange={onSelection}
                  />
                </th>
              )}
              {group.headers.map(({ id, column, getContext }) => (
                <th
                  key={id}
                  scope="col"
                  className={cellClass(column.columnDef.meta)}
                  style={widthStyle(column.columnDef.meta)}
                  aria-sort={directionOf(onSort && column.columnDef.meta?.sorts, sort)}
                >
                  <SortableHeader sorts={onSort && column.columnDef.meta?.sorts} sort={sort} onSort={onSort}>
                    {renderCell(column.columnDef.header, getContext())}
                  </SortableHeader>
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody ref={body}>
          <Spacer height={before} />
          {shown.map(({ index }) => {
            const row = rows[index]!;
            return (
              <MemoRow
                key={row.id}
                row={row as TableRow<unknown>}
                original={row.original}
                columns={columns}
                index={index}
                zone={zone}
                selected={onSelection ? selection?.[row.id] === true : undefined}
                onSelect={select}
                onOpen={onOpen && open}
              />
            );
          })}
          <Spacer height={after} />
        </tbody>
      </table>
      <div className="table-foot">
        <span aria-live="polite">
          {list.error ? (
            <>
              <Trans>
                {rows.length} loaded. Could not read the list.{' '}
                <Button small onClick={() => void list.refetch()}>
                  Try again
                </Button>
              </Trans>
            </>
          ) : isFetchingNextPage ? (
            t`Loading more…`
          ) : hasNextPage ? (
            t`${rows.length} loaded, scroll for more`
          ) : (
            t`${rows.length} total`
          )}
        </span>
        {/* 0 while rows of another filter are shown. */}
        {list.dataUpdatedAt ? <Updated at={list.dataUpdatedAt} /> : null}
      </div>
    </div>
  );
}

/**
 * Renders a column's header or cell. It calls the function instead of using it as a component: a
 * refetch may bring new column functions, and React would remount the cells, losing focus and open
 * dialogs.
 */
function renderCell<Context>(shows: ReactNode | ((context: Context) => ReactNode), context: Context): ReactNode {
  return typeof shows === 'function' ? shows(context) : shows;
}

/** Widths as variables, because the style chooses one by the width of the screen. */
function widthStyle(meta: ColumnMeta<unknown, unknown> | undefined): CSSProperties {
  if (meta?.grow) return {};
  const width = meta?.width ?? DEFAULT_WIDTH;
  return { '--width': `${width}px`, '--narrow': `${meta?.narrow ?? width}px` } as CSSProperties;
}

interface RowProps {
  row: TableRow<unknown>;
  /** What the cells show, and with `columns` all that they depend on. */
  original: unknown;
  columns: unknown;
  index: number;
  /** In which cells show times. */
  zone: Zone;
  /** Undefined: the table has no selection. */
  selected: boolean | undefined;
  onSelect(id: string, selected: boolean): void;
  onOpen: ((row: unknown) => void) | undefined;
}

function Row({ row, original, index, selected, onSelect, onOpen }: RowProps) {
  return (
    <tr
      data-row={row.id}
      aria-rowindex={index + 2}
      aria-selected={selected}
      className={onOpen ? 'row-opens' : undefined}
      onClick={(event) => {
        if (!onOpen || (event.target as Element).closest('a,button,input,label,[role=menu]')) return;
        // So that the focus comes back here when what opens is closed.
        event.currentTarget.querySelector<HTMLElement>('a,button')?.focus();
        onOpen(original);
      }}
    >
      {selected !== undefined && (
        <td className="cell-select">
          <input
            type="checkbox"
            aria-label={t`Select ${row.id}`}
            checked={selected}
            onChange={(event) => onSelect(row.id, event.target.checked)}
          />
        </td>
      )}
      {row.getVisibleCells().map((cell) => (
        <td key={cell.id} className={cellClass(cell.column.columnDef.meta)}>
          {renderCell(cell.column.columnDef.cell, cell.getContext())}
        </td>
      ))}
    </tr>
  );
}

/** Renders again only when the row itself has changed, not for every other one that scrolls by. */
const MemoRow = memo(
  Row,
  (before, after) =>
    before.original === after.original &&
    before.columns === after.columns &&
    before.index === after.index &&
    before.zone === after.zone &&
    before.selected === after.selected &&
    before.onOpen === after.onOpen,
);
