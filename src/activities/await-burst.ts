import { Context } from '@temporalio/activity';
import { eachConcurrently } from '../domain/concurrency';
import type { DeliverBurstInput, DeliverBurstResult } from '../domain/delivery';
import type { ActivityDeps } from './deps';
import { claimUnattempted, findUntaken } from '../store/notifications/claims';

/** Maximum number of concurrent workflow starts. */
const START_CONCURRENCY = 4;
/**
 * Maximum number of claims on missing first attempts. One claim covers 10 s of waiting, which is
 * not enough for slow receivers.
 */
const MAX_CLAIMS = 4;

/**
 * Creates the activity `awaitBurst`. It awaits the head starts of a burst, makes those that are
 * missing, and starts a workflow for each notification that needs more than one attempt. It may run
 * again, even in another process: records show which attempts were made, and a workflow starts only
 * once.
 */
export function createAwaitBurst({
  db,
  headStarts,
  control,
}: ActivityDeps): (input: DeliverBurstInput) => Promise<DeliverBurstResult> {
  /**
   * Makes missing first attempts as head starts, whose pace leaves capacity for producers.
   *
   * @returns how many were missing
   */
  async function makeUnattempted(notificationIds: readonly string[], workflowId: string): Promise<number> {
    const claimedAt = performance.now();
    const claimed = await claimUnattempted(db, notificationIds, headStarts.processId);
    headStarts.begin(claimed.map((notification) => ({ ...notification, workflowId, claimedAt })));
    await Promise.all(claimed.map(({ notificationId }) => headStarts.outcomeOf(notificationId)));
    return claimed.length;
  }

  return async function awaitBurst({ notificationIds }) {
    const { workflowId = '' } = Context.current().info.workflowExecution ?? {};
    const outcomes = await Promise.all(notificationIds.map((id) => headStarts.outcomeOf(id)));
    const unfinished = notificationIds.filter((_, index) => outcomes[index]?.kind !== 'delivered');
    if (unfinished.length === 0) return { notifications: notificationIds.length, handedOn: 0 };
    for (let claims = 0; claims < MAX_CLAIMS; claims++) {
      if ((await makeUnattempted(unfinished, workflowId)) === 0) break;
    }
    const untaken = await findUntaken(db, unfinished);
    await eachConcurrently(untaken, START_CONCURRENCY, (notification) => control.start(notification));
    return { notifications: notificationIds.length, handedOn: untaken.length };
  };
}
