import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import type { RecoveryDetail } from '../../api/types';
import { formatNumber } from '../../i18n/i18n';
import { Drawer } from '../../ui/dialog';
import { Fact, Facts } from '../../ui/page';
import { Loaded } from '../../ui/states';
import { Id } from '../../ui/copy';
import { ExactTime } from '../../ui/time';
import { exactTime, useZone } from '../../ui/zone';
import { EndpointName } from '../shared/endpoint-name';
import { describeFilter, RecoveryState, useRecovery } from './outcomes';

/** A recovery: what it is for, its progress and its outcomes. @param id - null: closed */
export function RecoveryDrawer({ id, onClose }: { id: string | null; onClose(): void }) {
  return (
    <Drawer open={id !== null} onClose={onClose} title={t`Recovery`} rowId={id}>
      {id && <Content id={id} />}
    </Drawer>
  );
}

function Content({ id }: { id: string }) {
  const query = useRecovery(id);
  return (
    <Loaded query={query} subject={{ one: t`Recovery` }}>
      {(recovery) => <Detail recovery={recovery} />}
    </Loaded>
  );
}

function Detail({ recovery }: { recovery: RecoveryDetail }) {
  useZone();
  const subscriptionId = recovery.subscriptionId ?? recovery.filter?.subscriptionId;
  return (
    <div className="stack">
      <RecoveryState id={recovery.id} />
      <Facts>
        {subscriptionId && (
          <Fact name={t`Endpoint`}>
            <EndpointName id={subscriptionId} />
          </Fact>
        )}
        {recovery.filter && <Fact name={t`Filter`}>{describeFilter(recovery)}</Fact>}
        <Fact name={t`Accepted from`}>
          {Date.parse(recovery.since) === 0 ? t`Any time` : exactTime(recovery.since)}
        </Fact>
        <Fact name={t`Accepted before`}>{exactTime(recovery.until)}</Fact>
        <Fact name={t`Rate`}>
          <Trans>{formatNumber(recovery.ratePerSecond)} per second</Trans>
        </Fact>
        <Fact name={t`Started`}>
          <ExactTime at={recovery.createdAt} />
        </Fact>
        {recovery.finishedAt && (
          <Fact name={t`Finished`}>
            <ExactTime at={recovery.finishedAt} />
          </Fact>
        )}
        <Fact name={t`ID`}>
          <Id id={recovery.id} />
        </Fact>
      </Facts>
    </div>
  );
}
