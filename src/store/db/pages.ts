/** One page of a list. */
export interface Page<T> {
  items: T[];
  /** The sort key of the last item; null on the last page. */
  nextCursor: string | null;
}

/** Selects a page. */
export interface PageRequest {
  /** 1 to 200. */
  limit: number;
  /** The sort key of the last item of the page before: its `nextCursor`. */
  after?: string;
}

/**
 * Makes a page from rows that were read with `limit + 1`. The extra row only shows that there is
 * another page.
 *
 * @param keyOf - the sort key of a row; it must be unique
 * @param isCut - whether reading ended early, so that there may be more rows
 */
export function toPage<Row, T>(
  rows: Row[],
  request: PageRequest,
  map: (row: Row) => T,
  keyOf: (row: Row) => string,
  isCut = false,
): Page<T> {
  const shown = rows.slice(0, request.limit);
  const last = shown.at(-1);
  const more = (isCut || rows.length > request.limit) && last !== undefined;
  return { items: shown.map(map), nextCursor: more ? keyOf(last) : null };
}
