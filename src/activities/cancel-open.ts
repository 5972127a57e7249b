import { Context } from '@temporalio/activity';
import { eachConcurrently } from '../domain/concurrency';
import { SIGNAL_CONCURRENCY } from '../domain/settlement';
import { cancelOpen, endChecks, listOpen } from '../store/subscriptions/settling';
import type { ActivityDeps } from './deps';

const PAGE = 1000;

/**
 * Cancels a page of the open notifications of a deleted subscription, and signals their workflows.
 * The record comes first, so it never waits for Temporal. Signals that a crash loses are repeated.
 *
 * @returns whether notifications may be left
 */
export async function cancelOpenPage(
  { db, control }: Pick<ActivityDeps, 'db' | 'control'>,
  subscriptionId: string,
): Promise<boolean> {
  const open = await listOpen(db, subscriptionId, PAGE);
  await cancelOpen(db, open);
  await eachConcurrently(open, SIGNAL_CONCURRENCY, async (notificationId) => {
    await control.cancel(notificationId);
    Context.current().heartbeat();
  });
  await endChecks(db, open);
  return open.length > 0;
}
