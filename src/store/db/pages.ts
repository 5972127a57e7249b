/** One page of a list. */
export interface Page<T> {
  items: T[];
  /** Where the next page begins; `null` on the last one. */
  nextCursor: string | null;
}

/** Which page is wanted. */
export interface PageRequest {
  /** 1 to 200. */
  limit: number;
  /** The sort key of the last item of the page before, as `nextCursor` gave it. */
  after?: string;
}

/**
 * Makes a page from rows fetched with `limit + 1`: the extra row only tells that there is more.
 *
 * @param keyOf - the sort key that continues after an item; it must be unique
 */
export function toPage<Row, T>(
  rows: Row[],
  request: PageRequest,
  map: (row: Row) => T,
  keyOf: (row: Row) => string,
): Page<T> {
  const shown = rows.slice(0, request.limit);
  const last = shown.at(-1);
  const more = rows.length > request.limit && last !== undefined;
  return { items: shown.map(map), nextCursor: more ? Buffer.from(keyOf(last)).toString('base64url') : null };
}
