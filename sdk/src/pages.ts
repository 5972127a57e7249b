/** One page of a list. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** Iterates over all items of a list and fetches each page when it is needed. */
export async function* itemsOf<T>(
  fetchPage: (cursor: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<T, void> {
  let cursor: string | undefined;
  do {
    const page: Page<T> = await fetchPage(cursor);
    yield* page.items;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
