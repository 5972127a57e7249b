/** Of a page, and so of the ids in one request. */
const MAX_IDS = 200;

/**
 * Reads items by their IDs. Those that are asked for in the same moment, as by all rows of a list,
 * are read with one request.
 *
 * @param readPage - reads the items with these IDs, separated by commas
 * @returns a function that reads one item. It returns null if the item does not exist, or the
 * session may not see it
 */
export function readTogether<T extends { id: string }>(
  readPage: (query: { id: string; limit: number }) => Promise<{ items: T[] }>,
): (id: string) => Promise<T | null> {
  let asked: { ids: Set<string>; found: Promise<Map<string, T>> } | undefined;
  return async (id) => {
    if (!asked || asked.ids.size >= MAX_IDS) {
      const ids = new Set<string>();
      asked = { ids, found: Promise.resolve().then(() => readAll(ids)) };
    }
    asked.ids.add(id);
    return (await asked.found).get(id) ?? null;
  };

  async function readAll(ids: ReadonlySet<string>): Promise<Map<string, T>> {
    if (asked?.ids === ids) asked = undefined;
    const { items } = await readPage({ id: [...ids].join(','), limit: MAX_IDS });
    return new Map(items.map((item) => [item.id, item]));
  }
}
