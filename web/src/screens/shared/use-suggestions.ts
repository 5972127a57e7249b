import { useRead } from '../../api/queries';
import type { Page } from '../../api/types';

const SUGGESTIONS = 20;
const STALE_TIME_MS = 30_000;

/**
 * Reads the suggestions of a field.
 *
 * @param q - the text that is sought; undefined until somebody enters the field
 */
export function useSuggestions<T>(path: string, q: string | undefined): readonly T[] {
  const query = { q, limit: SUGGESTIONS };
  return useRead<Page<T>>(path, query, { enabled: q !== undefined, staleTime: STALE_TIME_MS }).data?.items ?? [];
}
