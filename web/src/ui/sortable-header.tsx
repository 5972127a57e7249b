import { ArrowDown, ArrowUp, ArrowUpDown } from 'lucide-react';
import type { ReactNode } from 'react';

/** The `aria-sort` of a header. */
export function directionOf(sorts: readonly string[] | undefined, sort: string | undefined) {
  if (!sorts) return undefined;
  if (sort === undefined || !sorts.includes(sort)) return 'none';
  return sort.startsWith('-') ? 'descending' : 'ascending';
}

/** A header that sorts the list: by its first order, then by the next, then no longer by it. */
export function SortableHeader({
  sorts,
  sort,
  onSort,
  children,
}: {
  sorts: readonly string[] | undefined;
  sort: string | undefined;
  onSort: ((sort: string) => void) | undefined;
  children: ReactNode;
}) {
  if (!sorts) return <>{children}</>;
  const position = sort === undefined ? -1 : sorts.indexOf(sort);
  const Icon = position === -1 ? ArrowUpDown : sort!.startsWith('-') ? ArrowDown : ArrowUp;
  return (
    <button type="button" className="sort-button" onClick={() => onSort?.(sorts[position + 1] ?? '')}>
      {children}
      <Icon size={13} aria-hidden />
    </button>
  );
}
