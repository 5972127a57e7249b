interface Head<T> {
  items: T[];
  nextCursor: string | null;
}

/**
 * Puts the first page of a list, which was read again, in the place of the rows that it covers.
 *
 * @param rows - what was read before
 * @param isSorted - whether rows may have moved to any place: then none is taken out
 * @returns the rows; and `missing`, the number of new rows if the page has no others. There may be
 * more between it and the rows, so these stay as they are
 */
export function withHead<T>(
  rows: T[],
  { items, nextCursor }: Head<T>,
  { rowId, isSorted }: { rowId(row: T): string; isSorted: boolean },
): { rows: T[]; missing: number } {
  if (nextCursor === null) return { rows: items, missing: 0 };
  const places = new Map(rows.map((row, index) => [rowId(row), index]));
  const last = items.findLast((item) => places.has(rowId(item)));
  if (!last) return { rows, missing: items.length };
  const inHead = new Set(items.map(rowId));
  // Rows before this one that are not in the page were deleted, or match the filter no more.
  const covered = isSorted ? 0 : places.get(rowId(last))!;
  return { rows: [...items, ...rows.filter((row, index) => index >= covered && !inHead.has(rowId(row)))], missing: 0 };
}
