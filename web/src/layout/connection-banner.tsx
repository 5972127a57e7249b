import { Trans } from '@lingui/react/macro';
import { useQueryClient } from '@tanstack/react-query';
import { RefreshCw, Unplug } from 'lucide-react';
import { answeredAt, useLostAt } from '../api/connection';
import { Button } from '../ui/button';
import { formatDuration, useNow } from '../ui/time';
import { exactTime } from '../ui/zone';

/** Says that the screens show old data, because calls do not reach the service. */
export function ConnectionBanner() {
  const lostAt = useLostAt();
  return lostAt === null ? null : <Banner lostAt={lostAt} />;
}

function Banner({ lostAt }: { lostAt: number }) {
  const client = useQueryClient();
  const now = useNow();
  const seconds = Math.max(1, Math.round((now - answeredAt()) / 1000));
  return (
    <div className="connection-banner">
      <Unplug size={16} aria-hidden />
      <span className="grow" role="alert">
        <Trans>Connection lost at {exactTime(lostAt)}.</Trans>
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
