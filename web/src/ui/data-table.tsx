import { Trans } from '@lingui/react/macro';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { startTransition, useDeferredValue, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import type { Column, Selection } from './column';
import { useScreenWidth } from './screen';
import { Failed, useKeptError } from './states';
import { directionOf, SortableHeader } from './sortable-header';
import { cellClass, columnsFor, SelectAll, Spacer, TableSkeleton, widthStyle } from './table-parts';
import { TableFoot, type Footed } from './table-foot';
import { TableRow } from './table-row';
import { useLatest } from './use-latest';
import { useZone } from './zone';

/** Of every row, as in the styles: rows that are measured would move while scrolling. */
const ROW_HEIGHT = 46;
const OVERSCAN = 12;
/** The first rows should show soon. */
const FIRST_OVERSCAN = 2;
const NONE: never[] = [];

interface List<T> extends Footed {
  rows: T[];
  isPending: boolean;
  isPlaceholderData: boolean;
  fetchNextPage(): unknown;
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
  columns: all,
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
  columns: Column<T>[];
  rowId(row: T): string;
  onOpen?(row: T): void;
  empty: ReactNode;
  selection?: Selection;
  onSelection?(selection: Selection): void;
  /** The sort order of the list. */
  sort?: string;
  onSort?(sort: string): void;
}) {
  const open = useLatest((row: T) => onOpen?.(row));
  const select = useLatest((id: string, selected: boolean) => onSelection?.({ ...selection, [id]: selected }));
  // Drawing the first rows takes long on a phone, so React may interrupt it.
  const rows = useDeferredValue(list.rows, NONE as T[]);
  const isEmpty = rows.length === 0;
  const [error, forgetError] = useKeptError(list.error, !list.isPending && !list.error);
  const screenWidth = useScreenWidth();
  const columns = useMemo(() => columnsFor(all, screenWidth), [all, screenWidth]);
  const zone = useZone();
  const frame = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [overscan, setOverscan] = useState(FIRST_OVERSCAN);
  useEffect(() => {
    // This way of measuring forces no layout, which takes long on a phone.
    const observer = new IntersectionObserver(([entry]) => {
      if (entry) setTop(entry.boundingClientRect.top + window.scrollY);
      observer.disconnect();
    });
    if (frame.current) observer.observe(frame.current);
    if (!isEmpty) startTransition(() => setOverscan(OVERSCAN));
    return () => observer.disconnect();
  }, [isEmpty]);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW_HEIGHT,
    overscan,
    scrollMargin: top,
    // The virtualizer never scrolls. Its own way to scroll forces a layout when it begins.
    scrollToFn: () => undefined,
  });
  const shown = virtual.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  const loaded = list.rows.length;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !list.error && loaded > 0 && lastShown >= loaded - OVERSCAN)
      void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage, list.error, lastShown, loaded]);

  if ((list.isPending && !error) || (isEmpty && loaded > 0))
    return (
      <div ref={frame}>
        <TableSkeleton />
      </div>
    );
  if (error && isEmpty) {
    const retry = () => {
      forgetError();
      void list.refetch();
    };
    return <Failed what={label} error={error} onRetry={retry} />;
  }
  if (isEmpty) return <>{empty}</>;
  const before = (shown[0]?.start ?? top) - top;
  const after = virtual.getTotalSize() - ((shown.at(-1)?.end ?? top) - top);
  return (
    <>
      <div
        ref={frame}
        className={list.isPlaceholderData ? 'table-frame table-stale' : 'table-frame'}
        tabIndex={0}
        role="group"
        aria-label={label}
      >
        <table className="table table-list" aria-rowcount={hasNextPage ? -1 : rows.length + 1}>
          <thead>
            <tr>
              {onSelection && (
                <th scope="col" className="cell-select">
                  <SelectAll
                    label={label}
                    ids={rows.map((row) => rowId(row))}
                    selection={selection ?? {}}
                    onChange={onSelection}
                  />
                </th>
              )}
              {columns.map((column) => (
                <th
                  key={column.header ?? 'actions'}
                  scope="col"
                  className={cellClass(column)}
                  style={widthStyle(column)}
                  aria-sort={directionOf(onSort && column.sorts, sort)}
                >
                  <SortableHeader sorts={onSort && column.sorts} sort={sort} onSort={onSort}>
                    {column.header ?? (
                      <span className="sr-only">
                        <Trans>Actions</Trans>
                      </span>
                    )}
                  </SortableHeader>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Spacer height={before} />
            {shown.map(({ index }) => {
              const row = rows[index]!;
              const id = rowId(row);
              return (
                <TableRow
                  key={id}
                  id={id}
                  row={row}
                  columns={columns}
                  index={index}
                  zone={zone}
                  selected={onSelection ? selection?.[id] === true : undefined}
                  onSelect={select}
                  onOpen={onOpen && open}
                />
              );
            })}
            <Spacer height={after} />
          </tbody>
        </table>
      </div>
      <TableFoot list={list} count={rows.length} />
    </>
  );
}
