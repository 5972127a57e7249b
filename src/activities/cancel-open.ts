import { Context } from '@temporalio/activity';
import { eachConcurrently } from '../domain/concurrency';
import { SIGNAL_CONCURRENCY } from '../domain/settlement';
import { cancelOpen, listOpen } from '../store/subscriptions/settling';
import type { ActivityDeps } from './deps';

const PAGE = 200;

/**
 * Cancels a page of the open notifications of a deleted subscription, and signals their workflows.
 * The signals come first: those that a crash leaves open are found again.
 *
 * @returns whether notifications may be left
 */
export async function cancelOpenPage(
  { db, control }: Pick<ActivityDeps, 'db' | 'control'>,
  subscriptionId: string,
): Promise<boolean> {
  const open = await listOpen(db, subscriptionId, PAGE);
  await eachConcurrently(open, SIGNAL_CONCURRENCY, async (notificationId) => {
    await control.cancel(notificationId);
    Context.current().heartbeat();
  });
  await cancelOpen(db, open);
  return open.length > 0;
}
