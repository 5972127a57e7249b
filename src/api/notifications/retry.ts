import type { NotificationRef } from '../../domain/delivery';
import { notFound, Problem } from '../../domain/problems';
import { isClosed, type Notification } from '../../domain/types';
import { findRef } from '../../store/notifications/notification-refs';
import { findNotification } from '../../store/notifications/notifications';
import { isPayloadExpired, markDue, releaseForRetry, reopenNotification } from '../../store/notifications/reopen';
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
 * Marks a notification as due: reopens it if it is closed, and releases it if it is held although
 * its subscription takes deliveries. The caller signals its workflow after the commit.
 *
 * @throws Problem not-found, already-delivered, notification-held, payload-expired, before anything
 *   is changed
 */
export async function retry(context: Context, id: string, force: boolean): Promise<Retry> {
  const { db, audit } = context;
  const { status: was, customerId, productId } = await notificationOf(context, id);
  if (was === 'delivered' && !force) throw alreadyDelivered();
  if (isClosed(was) && (await isPayloadExpired(db, id)))
    throw new Problem('payload-expired', 'The data of the event is older than its retention and was removed.');
  const reopened = await reopenNotification(db, id, force);
  const ref = reopened ?? (await findRef(db, id));
  if (!ref) throw new Problem('not-found', 'The subscription of this notification has been deleted.');
  if (!reopened && !(await releaseForRetry(db, id))) await markDue(db, id);
  const notification = await notificationOf(context, id);
  if (notification.status === 'held')
    throw new Problem('notification-held', 'The notification is released when its subscription takes deliveries.');
  // An attempt under way has delivered it meanwhile.
  if (notification.status === 'delivered' && !force) throw alreadyDelivered();
  await audit('notification.retry', id, { customerId, productId, detail: { was, force } });
  return { notification, ref, reopened: reopened !== undefined };
}

function alreadyDelivered(): Problem {
  return new Problem('already-delivered', 'The notification was delivered. Send {"force": true} to deliver it again.');
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
