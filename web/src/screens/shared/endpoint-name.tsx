import { Link } from 'react-router';
import { at } from '../../api/client';
import { useRead } from '../../api/queries';
import type { Subscription } from '../../api/types';
import styles from './endpoint-name.module.css';

const STALE_TIME_MS = 5 * 60_000;

/**
 * Returns an endpoint whose name is shown, or undefined while unknown or if it was deleted. Only
 * the endpoints on the screen are read, each once for all its rows.
 *
 * @param id - empty: none
 */
export function useNamedEndpoint(id: string): Subscription | undefined {
  return useEndpointQuery(id).data;
}

function useEndpointQuery(id: string) {
  return useRead<Subscription>(
    at`/v1/subscriptions/${id}`,
    {},
    { enabled: id !== '', retry: false, staleTime: STALE_TIME_MS, placeholderData: undefined },
  );
}

/** Returns the name of an endpoint, dots while it is read, or its ID if it was deleted. */
export function useEndpointName(id: string): string {
  const { data, error } = useEndpointQuery(id);
  return data?.name ?? (error || id === '' ? id : '…');
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
