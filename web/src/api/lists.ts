import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api } from './client';
import { withHead } from './list-head';
import { isNotFound } from './problem';
import type { Query } from './queries';
import type { Page } from './types';

/** The first page is short, so that it shows soon. Whoever scrolls on reads much. */
const FIRST_PAGE = 50;
const NEXT_PAGE = 200;
/** A refetch reads every loaded page again. Of a longer list, only the first page is polled. */
const REFRESH_UP_TO_ROWS = 200;

/** A page, and when it was read, in milliseconds. */
type ReadPage<T> = Page<T> & { readAt: number };
type Pages<T> = InfiniteData<ReadPage<T>, string | undefined>;

/**
 * Reads a list page by page, in the order of the API: newest first by default. It is polled as a
 * whole while it is short. Once it is long, only its first page is, and `asOf` says how old the
 * other rows are.
 *
 * @param options.rowId - @default the `id` of a row
 * @param options.view - what makes it another list. A query that moves with the clock does not
 * @default the query
 */
export function useList<T>(
  path: string,
  query: Query = {},
  options: { refetchMs?: number; enabled?: boolean; rowId?(row: T): string; view?: string } = {},
) {
  const { refetchMs, enabled = true, rowId = idOf, view = query } = options;
  const client = useQueryClient();
  const read = async (limit: number, cursor: string | undefined, signal: AbortSignal): Promise<ReadPage<T>> => {
    const page = await api.get<Page<T>>(path, { limit, ...query, cursor }, signal);
    return { ...page, readAt: Date.now() };
  };
  const queryKey = [path, view, 'list'];
  const list = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam === undefined ? FIRST_PAGE : NEXT_PAGE, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data, error } }) => !isNotFound(error) && !isLong(data) && refetchMs,
    refetchOnWindowFocus: ({ state: { data } }) => !isLong(data),
    enabled,
  });
  const long = isLong(list.data) && !list.isPlaceholderData;
  const head = useQuery({
    queryKey: [path, view, 'head'],
    queryFn: ({ signal }) => read(FIRST_PAGE, undefined, signal),
    refetchInterval: ({ state: { error } }) => !isNotFound(error) && refetchMs,
    enabled: enabled && long && refetchMs !== undefined,
  });
  const { data } = list;
  // Another one is older than the list, from the time before that was read again.
  const fresh = long && head.data && head.data.readAt > data!.pages[0]!.readAt ? head.data : undefined;
  const isSorted = Boolean(query.sort);
  const { rows, missing } = useMemo(() => {
    const loaded = data?.pages.flatMap(({ items }) => items) ?? [];
    return fresh ? withHead(loaded, fresh, { rowId, isSorted }) : { rows: loaded, missing: 0 };
  }, [data, fresh, rowId, isSorted]);
  return {
    ...list,
    error: list.error ?? (long ? head.error : null),
    rows,
    /** More new rows than the first page has: what is between them and the others is not known. */
    missing,
    /** Of a long list: when the oldest of its pages was read, in milliseconds. */
    asOf: long ? Math.min(...data!.pages.map(({ readAt }) => readAt)) : undefined,
    /** How many rows of a long list are newer than that. */
    polled: refetchMs === undefined || missing > 0 ? 0 : FIRST_PAGE,
    dataUpdatedAt: fresh?.readAt ?? list.dataUpdatedAt,
    /** Leaves a long list with its first page, as it is now. */
    startOver() {
      if (fresh) client.setQueryData<Pages<T>>(queryKey, { pages: [fresh], pageParams: [undefined] });
    },
  };
}

const isLong = (data: InfiniteData<Page<unknown>> | undefined): boolean =>
  data !== undefined && data.pages.reduce((count, { items }) => count + items.length, 0) > REFRESH_UP_TO_ROWS;

const idOf = (row: unknown): string => (row as { id: string }).id;
