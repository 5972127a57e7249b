import { keepPreviousData, useMutation, useQuery, useQueryClient, type UseQueryOptions } from '@tanstack/react-query';
import { useToast } from '../ui/toast';
import { api } from './client';
import { errorText, isNotFound } from './problem';
import type { Page } from './types';

export type Query = Record<string, string | number | boolean | null | undefined>;

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
