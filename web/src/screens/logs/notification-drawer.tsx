import { t } from '@lingui/core/macro';
import { Suspense } from 'react';
import { at } from '../../api/client';
import { useRead } from '../../api/queries';
import type { NotificationDetail } from '../../api/types';
import { Drawer } from '../../ui/dialog';
import type { Neighbours } from '../../ui/neighbours';
import { lazyInBackground } from '../../ui/prefetch';
import { Skeleton } from '../../ui/states';

const NotificationDetails = lazyInBackground(() => import('./notification-details'));

/**
 * A notification: its status, the reason, what happens next, and its attempts. @param id - null:
 * closed
 */
export function NotificationDrawer({
  id,
  onClose,
  neighbours,
}: {
  id: string | null;
  onClose(): void;
  neighbours?: Neighbours;
}) {
  // Read already for the content. A reader hears what the drawer is about.
  const type = useRead<NotificationDetail>(at`/v1/notifications/${id ?? ''}`, {}, { enabled: id !== null }).data
    ?.eventType;
  return (
    <Drawer
      open={id !== null}
      onClose={onClose}
      title={type ? t`Notification: ${type}` : t`Notification`}
      rowId={id}
      neighbours={neighbours}
    >
      {id && (
        <Suspense fallback={<Skeleton lines={8} />}>
          <NotificationDetails key={id} id={id} />
        </Suspense>
      )}
    </Drawer>
  );
}
