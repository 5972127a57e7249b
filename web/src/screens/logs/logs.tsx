import { PageHead } from '../../ui/page';
import { Tabs } from '../../ui/tabs';
import { EventsTab } from './events-tab';
import { NotificationsTab } from './notifications-tab';

export function Logs() {
  return (
    <>
      <PageHead title="Logs" />
      <Tabs
        label="Logs"
        tabs={[
          { id: 'notifications', title: 'Notifications', content: <NotificationsTab /> },
          { id: 'events', title: 'Events', content: <EventsTab /> },
        ]}
      />
    </>
  );
}
