import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type InfiniteData,
  type UseQueryOptions,
} from '@tanstack/react-query';
import { useMemo } from 'react';
import { useToast } from '../ui/toast';
import { api } from './client';
import { errorText, isNotFound } from './problem';
import type { Page } from './types';

type Query = Record<string, string | number | boolean | null | undefined>;

/**
 * Reads one resource. Its path and query are the cache key, so `invalidate` can name a path prefix.
 */
export function useRead<T>(
  path: string,
  query: Query = {},
  options: Omit<UseQueryOptions<T>, 'queryKey' | 'queryFn'> = {},
) {
  return useQuery<T>({
    queryKey: [path, query],
    queryFn: ({ signal }) => api.get<T>(path, query, signal),
    placeholderData: keepPreviousData as never,
    ...options,
    refetchInterval: (query) =>
      isNotFound(query.state.error)
        ? false
        : typeof options.refetchInterval === 'function'
          ? options.refetchInterval(query)
          : options.refetchInterval,
  });
}

/** The first page is short, so that it shows soon. Whoever scrolls on reads much. */
const FIRST_PAGE = 50;
const NEXT_PAGE = 200;
/** A refetch reads every loaded page again, so a longer list is no longer polled. */
const REFRESH_UP_TO_ROWS = 150;

/** Reads a list page by page, in the order of the API: newest first by default. */
export function useList<T>(path: string, query: Query = {}, options: { refetchMs?: number; enabled?: boolean } = {}) {
  const list = useInfiniteQuery({
    queryKey: [path, query, 'list'],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<T>>(
        path,
        { limit: pageParam === undefined ? FIRST_PAGE : NEXT_PAGE, ...query, cursor: pageParam },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data, error } }) =>
      !isNotFound(error) && countOf(data) <= REFRESH_UP_TO_ROWS && options.refetchMs,
    enabled: options.enabled,
  });
  const rows = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  return { ...list, rows };
}

const countOf = (data: InfiniteData<Page<unknown>> | undefined): number =>
  data?.pages.reduce((count, { items }) => count + items.length, 0) ?? 0;

/**
 * Reads a short list for a choice: one page, at most the 200 items the API returns. While another
 * list loads, it is empty: the endpoints of one customer are no choice for the next.
 */
export function useChoices<T>(path: string, query: Query = {}, enabled = true): T[] {
  return useLoadedChoices<T>(path, query, enabled) ?? [];
}

/** Like `useChoices`, but undefined while the list loads. */
export function useLoadedChoices<T>(path: string, query: Query = {}, enabled = true): T[] | undefined {
  return useRead<Page<T>>(path, { limit: 200, ...query }, { enabled, staleTime: 30_000, placeholderData: undefined })
    .data?.items;
}

/**
 * Runs a change, then refetches stale data and shows the result, or the error, as a toast.
 *
 * @param done - the text of the toast; absent if the screen itself shows the result
 * @param invalidate - path prefixes whose data becomes stale; absent: all
 * @param quiet - shows no toast for an error, because the form does
 * @param resource - the path of the resource that `run` returns. Screens show it immediately, and
 * not what they had read before the change
 */
export function useAction<Input = void, Output = unknown>(
  run: (input: Input) => Promise<Output>,
  {
    done,
    invalidate,
    quiet = false,
    resource,
  }: {
    done?: string | ((output: Output, input: Input) => string);
    invalidate?: string[];
    quiet?: boolean;
    resource?: string;
  } = {},
) {
  const client = useQueryClient();
  const toast = useToast();
  return useMutation<Output, Error, Input>({
    mutationFn: run,
    onSuccess(output, input) {
      if (resource !== undefined) client.setQueryData([resource, {}], output);
      // Not awaited: it is done, however long it takes to read the lists again.
      void client.invalidateQueries({
        predicate: ({ queryKey: [path] }) =>
          path !== 'session' && (!invalidate || invalidate.some((start) => String(path).startsWith(start))),
      });
      if (done !== undefined) toast({ tone: 'ok', text: typeof done === 'string' ? done : done(output, input) });
    },
    onError(error) {
      if (!quiet) toast({ tone: 'bad', text: errorText(error) });
    },
  });
}
