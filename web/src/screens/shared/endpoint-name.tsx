import { Link } from 'react-router';
import { useRead } from '../../api/queries';
import type { Page, Subscription } from '../../api/types';
import styles from './endpoint-name.module.css';

const NEWEST = 200;
const STALE_TIME_MS = 60_000;

/**
 * Returns the name of an endpoint, or its ID while unknown or if it was deleted. The newest 200 are
 * read in one request, the others one by one.
 */
export function useEndpointName(id: string): string {
  const known = useRead<Page<Subscription>>('/v1/subscriptions', { limit: NEWEST }, { staleTime: STALE_TIME_MS }).data
    ?.items;
  const listed = known?.find((subscription) => subscription.id === id);
  const single = useRead<Subscription>(
    `/v1/subscriptions/${id}`,
    {},
    { enabled: known !== undefined && !listed, retry: false, staleTime: STALE_TIME_MS, placeholderData: undefined },
  ).data;
  return (listed ?? single)?.name ?? id;
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
