import type { NotificationRef } from '../../domain/delivery';
import { notFound, Problem } from '../../domain/problems';
import { isClosed, type Notification } from '../../domain/types';
import { findRef } from '../../store/notifications/notification-refs';
import { findNotification } from '../../store/notifications/notifications';
import { isPayloadExpired, markDue, reopenNotification } from '../../store/notifications/reopen';
import { requestCancel } from '../../store/notifications/transitions';
import { scopeOf } from '../auth/auth';
import type { Context } from '../http/route';
import type { NotificationControl } from '../ports';

/** A notification that was marked as due, whose workflow has to be signalled. */
export interface Retry {
  notification: Notification;
  ref: NotificationRef;
  /** Whether the record was closed. */
  reopened: boolean;
}

/**
 * Marks a notification as due, reopening it if it is closed. The caller signals its workflow after
 * the commit.
 *
 * @throws Problem not-found, already-delivered, notification-held, before anything is changed
 */
export async function retry(context: Context, id: string, force: boolean): Promise<Retry> {
  const { db, audit } = context;
  const notification = await notificationOf(context, id);
  if (notification.status === 'delivered' && !force)
    throw new Problem('already-delivered', 'The notification was delivered. Send {"force": true} to deliver it again.');
  if (notification.status === 'held')
    throw new Problem('notification-held', 'The notification is released when its subscription takes deliveries.');
  const isOpen = ['pending', 'delivering', 'retrying'].includes(notification.status);
  if (!isOpen && (await isPayloadExpired(db, id)))
    throw new Problem('payload-expired', 'The data of the event is older than its retention and was removed.');
  const reopened = await reopenNotification(db, id);
  const ref = reopened ?? (await findRef(db, id));
  if (!ref) throw new Problem('not-found', 'The subscription of this notification has been deleted.');
  if (!reopened) await markDue(db, id);
  const { status: was, customerId, productId } = notification;
  await audit('notification.retry', id, { customerId, productId, detail: { was, force } });
  return { notification: await notificationOf(context, id), ref, reopened: reopened !== undefined };
}

/** Signals the workflow of a notification that was marked as due. Call it after the commit. */
export function signalRetry(control: NotificationControl, { notification, ref, reopened }: Retry): Promise<void> {
  return control.retry(ref, { reopened, attempts: notification.attemptCount });
}

/**
 * Cancels a notification, unless it is closed. The caller signals its workflow after the commit.
 *
 * @returns its state after that, and when it was opened
 * @throws Problem not-found
 */
export async function cancel(context: Context, id: string): Promise<{ notification: Notification; openedAt: Date }> {
  const { status: was, customerId, productId } = await notificationOf(context, id);
  const { openedAt } = (await requestCancel(context.db, id))!;
  if (!isClosed(was)) await context.audit('notification.cancel', id, { customerId, productId, detail: { was } });
  return { notification: await notificationOf(context, id), openedAt };
}

/** @throws Problem not-found if there is no such notification in the caller's scope */
export async function notificationOf({ db, principal }: Context, id: string): Promise<Notification> {
  const notification = await findNotification(db, id, scopeOf(principal));
  if (!notification) throw notFound('notification');
  return notification;
}
