import { api } from '../../api/client';
import { formatJson } from '../../api/exact-json';
import type { EventType, Page } from '../../api/types';

const PAGE = 200;

/** The file format of Export, Import and `signpost onboard product`. */
export interface CatalogFile {
  product: { id: string };
  eventTypes: {
    name: string;
    description: string;
    schema?: object;
    sample?: unknown;
    requires?: string[];
    searchKeys?: string[];
  }[];
}

/** Downloads every event type that matches the query, not only the loaded pages. */
export async function exportCatalog(query: Record<string, string>): Promise<void> {
  const types: EventType[] = [];
  let cursor: string | null | undefined;
  do {
    const page: Page<EventType> = await api.get('/v1/event-types', { ...query, limit: PAGE, cursor });
    types.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor);
  const products = [...new Set(types.map(({ productId }) => productId))];
  const files = products.map((id): CatalogFile => ({
    product: { id },
    eventTypes: types
      .filter(({ productId }) => productId === id)
      .map(({ name, description, schema, sample, requires, searchKeys }) => ({
        name,
        description,
        ...(schema ? { schema } : {}),
        sample,
        ...(requires.length > 0 ? { requires } : {}),
        ...(searchKeys.length > 0 ? { searchKeys } : {}),
      })),
  }));
  const text = formatJson(files.length === 1 ? files[0] : files, 2);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = `event-catalog-${products.join('-') || 'empty'}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}
