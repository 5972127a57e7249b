import { t } from '@lingui/core/macro';
import { PageHead } from '../../ui/page';
import { Tabs } from '../../ui/tabs';
import { EventsTab } from './events-tab';
import { NotificationsTab } from './notifications-tab';

export function Logs() {
  return (
    <>
      <PageHead title={t`Logs`} />
      <Tabs
        label={t`Logs`}
        tabs={[
          { id: 'notifications', title: t`Notifications`, content: <NotificationsTab /> },
          { id: 'events', title: t`Events`, content: <EventsTab /> },
        ]}
      />
    </>
  );
}
