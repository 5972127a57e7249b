import { t } from '@lingui/core/macro';
import { Suspense } from 'react';
import { PageHead } from '../../ui/page';
import { lazyInBackground } from '../../ui/prefetch';
import { Skeleton } from '../../ui/states';
import { Tabs } from '../../ui/tabs';
import { NotificationsTab } from './notifications-tab';

const EventsTab = lazyInBackground(async () => ({ default: (await import('./events-tab')).EventsTab }));

export function Logs() {
  return (
    <>
      <PageHead title={t`Logs`} />
      <Tabs
        label={t`Logs`}
        tabs={[
          { id: 'notifications', title: t`Notifications`, content: <NotificationsTab /> },
          {
            id: 'events',
            title: t`Events`,
            content: (
              <Suspense fallback={<Skeleton lines={8} />}>
                <EventsTab />
              </Suspense>
            ),
          },
        ]}
      />
    </>
  );
}
