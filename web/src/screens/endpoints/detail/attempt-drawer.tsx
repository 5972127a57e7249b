import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Link } from 'react-router';
import { useRead } from '../../../api/queries';
import type { AttemptDetail } from '../../../api/types';
import { ResponseBadge } from '../../../ui/badge';
import { Drawer } from '../../../ui/dialog';
import { Fact, Facts } from '../../../ui/page';
import { Loaded } from '../../../ui/states';
import { formatMilliseconds, ExactTime } from '../../../ui/time';
import { AttemptParts } from '../../logs/attempt-content';

/** An attempt with its request and response. @param id - null: closed */
export function AttemptDrawer({ id, onClose }: { id: string | null; onClose(): void }) {
  return (
    <Drawer open={id !== null} onClose={onClose} title={t`Attempt`}>
      {id && <Attempt id={id} />}
    </Drawer>
  );
}

function Attempt({ id }: { id: string }) {
  const query = useRead<AttemptDetail>(`/v1/attempts/${id}`, {}, { placeholderData: undefined });
  return (
    <Loaded query={query} subject={{ one: t`Attempt` }}>
      {(attempt) => (
        <div className="stack">
          <Facts>
            <Fact name={t`Result`}>
              <ResponseBadge status={attempt.status} errorClass={attempt.error?.class} />
            </Fact>
            <Fact name={t`Started`}>
              <ExactTime at={attempt.startedAt} />
            </Fact>
            <Fact name={t`Response time`}>{formatMilliseconds(attempt.durationMs)}</Fact>
            <Fact name={t`Attempt`}>
              {attempt.number} ({attempt.trigger})
            </Fact>
          </Facts>
          <p>
            <Link to={`/logs?open=${attempt.notificationId}`}>
              <Trans>View notification</Trans>
            </Link>
          </p>
          <AttemptParts attempt={attempt} />
        </div>
      )}
    </Loaded>
  );
}
