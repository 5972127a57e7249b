import {
  getCoreRowModel,
  useReactTable,
  type ColumnDef,
  type RowData,
  type RowSelectionState,
} from '@tanstack/react-table';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { Button } from './button';
import { Failed, midSentence, Skeleton } from './states';

declare module '@tanstack/react-table' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- must match the extended declaration
  interface ColumnMeta<TData extends RowData, TValue> {
    /** Hidden on narrow screens. */
    wide?: boolean;
    /** Takes the remaining width and truncates its text. */
    grow?: boolean;
    align?: 'end';
  }
}

const ROW_HEIGHT = 45;
const OVERSCAN = 12;

interface List<T> {
  rows: T[];
  error: unknown;
  isPending: boolean;
  isPlaceholderData: boolean;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
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
}: {
  label: string;
  list: List<T>;
  columns: ColumnDef<T>[];
  rowId(row: T): string;
  onOpen?(row: T): void;
  empty: ReactNode;
  selection?: RowSelectionState;
  onSelection?(selection: RowSelectionState): void;
}) {
  const selects = onSelection !== undefined;
  const allColumns = useMemo(
    () => (selects ? [selectColumn<T>(label), ...columns] : columns),
    [selects, label, columns],
  );
  const table = useReactTable({
    data: list.rows,
    columns: allColumns,
    getRowId: rowId,
    getCoreRowModel: getCoreRowModel(),
    state: { rowSelection: selection ?? {} },
    enableRowSelection: selects,
    onRowSelectionChange: (update) => onSelection?.(typeof update === 'function' ? update(selection ?? {}) : update),
  });
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

  if (list.isPending && !list.error) return <Skeleton lines={6} />;
  if (list.error && rows.length === 0)
    return <Failed what={label} error={list.error} onRetry={() => void list.refetch()} />;
  if (rows.length === 0) return <>{empty}</>;
  const before = (shown[0]?.start ?? top) - top;
  const after = virtual.getTotalSize() - ((shown.at(-1)?.end ?? top) - top);
  const width = table.getAllLeafColumns().length;
  return (
    <div
      className={list.isPlaceholderData ? 'table-frame table-stale' : 'table-frame'}
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <table className="table" aria-rowcount={hasNextPage ? -1 : rows.length + 1}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map(({ id, column, getContext }) => (
                <th key={id} scope="col" className={cellClass(column.columnDef.meta)}>
                  {renderCell(column.columnDef.header, getContext())}
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody ref={body}>
          <Spacer height={before} width={width} />
          {shown.map(({ index }) => {
            const row = rows[index]!;
            return (
              <tr
                key={row.id}
                ref={virtual.measureElement}
                data-index={index}
                aria-rowindex={index + 2}
                aria-selected={onSelection ? row.getIsSelected() : undefined}
                className={onOpen ? 'row-opens' : undefined}
                onClick={(event) => {
                  if (onOpen && !(event.target as Element).closest('a,button,input,label,[role=menu]'))
                    onOpen(row.original);
                }}
              >
                {row.getVisibleCells().map((cell) => (
                  <td key={cell.id} className={cellClass(cell.column.columnDef.meta)}>
                    {renderCell(cell.column.columnDef.cell, cell.getContext())}
                  </td>
                ))}
              </tr>
            );
          })}
          <Spacer height={after} width={width} />
        </tbody>
      </table>
      <div className="table-foot" aria-live="polite">
        {list.error ? (
          <Button small onClick={() => void fetchNextPage()}>
            Could not load more. Try again
          </Button>
        ) : isFetchingNextPage ? (
          'Loading more…'
        ) : hasNextPage ? (
          `${rows.length} loaded, scroll for more`
        ) : (
          `${rows.length} total`
        )}
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

function Spacer({ height, width }: { height: number; width: number }) {
  return height > 0 ? (
    <tr aria-hidden>
      <td colSpan={width} style={{ height, padding: 0, border: 0 }} />
    </tr>
  ) : null;
}

function cellClass(meta: { wide?: boolean; grow?: boolean; align?: 'end' } | undefined): string | undefined {
  return (
    [meta?.wide && 'wide-only', meta?.grow && 'cell-grow', meta?.align === 'end' && 'cell-end']
      .filter(Boolean)
      .join(' ') || undefined
  );
}

function selectColumn<T>(label: string): ColumnDef<T> {
  return {
    id: 'select',
    header: ({ table }) => (
      <input
        type="checkbox"
        aria-label={`Select all loaded ${midSentence(label)}`}
        checked={table.getIsAllRowsSelected()}
        ref={(input) => {
          if (input) input.indeterminate = table.getIsSomeRowsSelected();
        }}
        onChange={table.getToggleAllRowsSelectedHandler()}
      />
    ),
    cell: ({ row }) => (
      <input
        type="checkbox"
        aria-label={`Select ${row.id}`}
        checked={row.getIsSelected()}
        onChange={row.getToggleSelectedHandler()}
      />
    ),
  };
}
