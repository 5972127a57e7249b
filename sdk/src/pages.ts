/** One page of a list. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** All items of a list, page by page as they are asked for: `for await (const item of …)`. */
export async function* itemsOf<T>(read: (cursor: string | undefined) => Promise<Page<T>>): AsyncGenerator<T, void> {
  let cursor: string | undefined;
  do {
    const page: Page<T> = await read(cursor);
    yield* page.items;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
