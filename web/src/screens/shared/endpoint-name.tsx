import { Link } from 'react-router';
import { useRead } from '../../api/queries';
import type { Page, Subscription } from '../../api/types';
import styles from './endpoint-name.module.css';

const KNOWN = 200;
const FRESH_MS = 60_000;

/** The name of an endpoint, with a link to it. The newest are read at once, others one by one; of a deleted one the id is shown. */
export function EndpointName({ id }: { id: string }) {
  const known = useRead<Page<Subscription>>('/v1/subscriptions', { limit: KNOWN }, { staleTime: FRESH_MS }).data?.items;
  const listed = known?.find((subscription) => subscription.id === id);
  const single = useRead<Subscription>(
    `/v1/subscriptions/${id}`,
    {},
    { enabled: known !== undefined && !listed, retry: false, staleTime: FRESH_MS, placeholderData: undefined },
  ).data;
  const name = (listed ?? single)?.name;
  return (
    <Link to={`/endpoints/${id}`} className={`truncate ${styles.name}`} title={name ?? id}>
      {name ?? id}
    </Link>
  );
}
