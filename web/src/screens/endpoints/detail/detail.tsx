import { t } from '@lingui/core/macro';
import { useParams } from 'react-router';
import { useRead } from '../../../api/queries';
import { usePermissions } from '../../../api/session';
import type { Subscription } from '../../../api/types';
import { StatusBadge } from '../../../ui/badge';
import { LongText } from '../../../ui/long-text';
import { PageHead } from '../../../ui/page';
import { Loaded } from '../../../ui/states';
import { Tabs } from '../../../ui/tabs';
import { HeadActions } from './head-actions';
import { Notice } from '../shared/notice';
import { ChallengeTab } from './tabs/challenge';
import { ChannelsTab } from './tabs/channels';
import { DataTab } from './tabs/data';
import { HistoryTab } from './tabs/history';
import { HttpTab } from './tabs/http';
import { NotificationsTab } from './tabs/notifications';
import { SUBJECT } from '../shared/subject';
import { OverviewTab } from './tabs/overview';
import { SecretTab } from './tabs/secret';
import { StatisticsTab } from './tabs/statistics';

export function EndpointDetail() {
  const { id = '' } = useParams();
  const query = useRead<Subscription>(
    `/v1/subscriptions/${encodeURIComponent(id)}`,
    {},
    { placeholderData: undefined },
  );
  return (
    <Loaded query={query} subject={SUBJECT}>
      {/* By its id: nothing of one endpoint, above all no secret, may be shown for the next. */}
      {(subscription) => <Endpoint key={subscription.id} subscription={subscription} />}
    </Loaded>
  );
}

function Endpoint({ subscription }: { subscription: Subscription }) {
  const can = usePermissions();
  const tabs = [
    { id: 'overview', title: t`Overview`, content: <OverviewTab subscription={subscription} /> },
    { id: 'notifications', title: t`Notifications`, content: <NotificationsTab subscription={subscription} /> },
    { id: 'statistics', title: t`Statistics`, content: <StatisticsTab subscription={subscription} /> },
    { id: 'http', title: t`HTTP settings`, content: <HttpTab subscription={subscription} /> },
    { id: 'channels', title: t`Channels`, content: <ChannelsTab subscription={subscription} /> },
    { id: 'data', title: t`Custom data`, content: <DataTab subscription={subscription} /> },
    { id: 'challenge', title: t`Challenge`, content: <ChallengeTab subscription={subscription} /> },
  ];
  if (can.write)
    tabs.splice(3, 0, { id: 'history', title: t`History`, content: <HistoryTab subscription={subscription} /> });
  if (can.manageEndpoints)
    tabs.push({ id: 'secret', title: t`Secret`, content: <SecretTab subscription={subscription} /> });
  return (
    <>
      <PageHead
        title={subscription.name}
        badge={<StatusBadge status={subscription.status} />}
        crumbs={[{ text: t`Endpoints`, to: '/endpoints' }]}
        sub={
          <LongText text={`${subscription.method} ${subscription.url}`} copies={subscription.url} label={t`Copy URL`} />
        }
      >
        <HeadActions subscription={subscription} />
      </PageHead>
      <div className="stack">
        <Notice subscription={subscription} />
        <div>
          <Tabs label={subscription.name} tabs={tabs} />
        </div>
      </div>
    </>
  );
}
