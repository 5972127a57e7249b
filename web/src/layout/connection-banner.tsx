import { Trans } from '@lingui/react/macro';
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { RefreshCw, Unplug } from 'lucide-react';
import { useEffect, useState } from 'react';
import { answeredAt, useLostAt } from '../api/connection';
import { ProblemError } from '../api/problem';
import { useRead } from '../api/queries';
import { usePermissions } from '../api/session';
import { Button } from '../ui/button';
import { formatDuration, useNow } from '../ui/time';
import { exactTime } from '../ui/zone';

const RETRY_MS = 5000;
const PROBE_MS = 15_000;

/** Says that the screens show old data, because calls do not reach the service or its database. */
export function ConnectionBanner() {
  const lostAt = useLostAt();
  return lostAt === null ? <TemporalBanner /> : <Banner lostAt={lostAt} />;
}

function Banner({ lostAt }: { lostAt: number }) {
  const client = useQueryClient();
  const now = useNow();
  useEffect(() => {
    const timer = setInterval(() => retryFailed(client), RETRY_MS);
    return () => {
      clearInterval(timer);
      // What failed meanwhile may not be read again by itself.
      retryFailed(client);
    };
  }, [client]);
  const seconds = Math.max(1, Math.round((now - answeredAt()) / 1000));
  // Errors go while a call is repeated. Then what is known stays.
  const [isDatabase, setDatabase] = useState(false);
  if (!isDatabase && lacksDatabase(client)) setDatabase(true);
  return (
    <div className="connection-banner">
      <Unplug size={16} aria-hidden />
      <span className="grow" role="alert">
        {isDatabase ? (
          <Trans>The database is unavailable since {exactTime(lostAt)}.</Trans>
        ) : (
          <Trans>Connection lost at {exactTime(lostAt)}.</Trans>
        )}
      </span>
      <span>
        <Trans>Showing data from {formatDuration(seconds)} ago.</Trans>
      </span>
      <Button small icon={RefreshCw} onClick={() => void client.refetchQueries({ type: 'active' })}>
        <Trans>Retry</Trans>
      </Button>
    </div>
  );
}

/** Operators learn why retries do not come. Customers cannot change it. */
function TemporalBanner() {
  const { isCustomer } = usePermissions();
  const { data } = useRead<{ temporal: string }>(
    '/readyz',
    { role: 'api' },
    { enabled: !isCustomer, refetchInterval: PROBE_MS, retry: false },
  );
  if (data?.temporal !== 'unreachable') return null;
  return (
    <div className="connection-banner" role="alert">
      <Unplug size={16} aria-hidden />
      <span className="grow">
        <Trans>Temporal is unreachable. First attempts go on; retries continue once it is back.</Trans>
      </span>
    </div>
  );
}

/** Whether the service itself responds, and says that it has no database. */
const lacksDatabase = (client: QueryClient): boolean =>
  client
    .getQueryCache()
    .findAll({ type: 'active' })
    .map(({ state }) => state.error ?? state.fetchFailureReason)
    .some((error) => error instanceof ProblemError && error.code === 'database-unavailable');

/**
 * Repeats the calls that failed; if none did, all calls of the screen, to learn of the connection.
 */
function retryFailed(client: QueryClient): void {
  const active = client.getQueryCache().findAll({ type: 'active', fetchStatus: 'idle' });
  const failed = active.filter(({ state }) => state.status === 'error');
  for (const { queryKey } of failed.length > 0 ? failed : active)
    void client.refetchQueries({ queryKey, exact: true, type: 'active' });
}
