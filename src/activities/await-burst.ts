import { Context } from '@temporalio/activity';
import type { DeliverBurstInput, DeliverBurstResult } from '../domain/delivery';
import type { ActivityDeps } from './deps';
import { claimUnattempted, findUntaken } from '../store/notifications/claims';

const STARTS_AT_ONCE = 4;
/** A claim is good for 10 s of waiting; a receiver that takes longer for what waits for it is given so many. */
const CLAIMS = 4;

/**
 * The activity `awaitBurst`: awaits the head starts of a burst, has those made that nobody made, and gives each notification that needs more a workflow
 * of its own. It may run again, also in another process: what is done is done by the record, and a workflow starts once.
 */
export function createAwaitBurst({
  db,
  headStarts,
  control,
}: ActivityDeps): (input: DeliverBurstInput) => Promise<DeliverBurstResult> {
  /** They wait for their turn with all others that this process makes, so that a backlog leaves producers room. @returns how many there were */
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
    for (let claims = 0; claims < CLAIMS; claims++) {
      if ((await makeUnattempted(unfinished, workflowId)) === 0) break;
    }
    const untaken = await findUntaken(db, unfinished);
    await each(untaken, STARTS_AT_ONCE, (notification) => control.start(notification));
    return { notifications: notificationIds.length, handedOn: untaken.length };
  };
}

async function each<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
