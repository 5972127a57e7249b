import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api } from '../../api/client';
import { readTogether } from '../../api/together';
import type { Page, Subscription } from '../../api/types';
import styles from './endpoint-name.module.css';

const PATH = '/v1/subscriptions';
/** One that is malformed, as an address may have it, would fail the request for all. */
const ID = /^sub_[0-9a-z]{26}$/;
const STALE_TIME_MS = 5 * 60_000;

const readEndpoint = readTogether<Subscription>((query) => api.get<Page<Subscription>>(PATH, query));

/**
 * Returns an endpoint whose name is shown, or undefined while unknown or if it was deleted. Only
 * the endpoints on the screen are read, all with one request, and each once for all its rows.
 *
 * @param id - empty: none
 */
export function useNamedEndpoint(id: string): Subscription | undefined {
  return useEndpointQuery(id).data ?? undefined;
}

function useEndpointQuery(id: string) {
  return useQuery({
    queryKey: [PATH, { id }],
    queryFn: () => readEndpoint(id),
    enabled: ID.test(id),
    retry: false,
    staleTime: STALE_TIME_MS,
  });
}

/** Returns the name of an endpoint, dots while it is read, or its ID if it was deleted. */
export function useEndpointName(id: string): string {
  const { data, isPending } = useEndpointQuery(id);
  return data?.name ?? (isPending && ID.test(id) ? '…' : id);
}

/** An endpoint's name, linked to its page. */
export function EndpointName({ id }: { id: string }) {
  const name = useEndpointName(id);
  return (
    <Link to={`/endpoints/${id}`} className={`truncate ${styles.name}`} title={name}>
      {name}
    </Link>
  );
}

/** An endpoint's name as text. */
export function EndpointText({ id }: { id: string }) {
  return <>{useEndpointName(id)}</>;
}
