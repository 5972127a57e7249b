import type { DeliverBurstResult } from '../domain/delivery';
import { findUntaken } from '../store/notifications';
import type { ActivityDeps } from './deps';

const STARTS_AT_ONCE = 4;

/**
 * The activity `awaitBurst`: awaits the head starts of a burst, and gives each notification that is not done with its first attempt a workflow of its
 * own. It may run again, also in another process: what is done is done by the record, and a workflow starts once.
 */
export function createAwaitBurst({
  db,
  headStarts,
  control,
}: ActivityDeps): (input: { notificationIds: readonly string[] }) => Promise<DeliverBurstResult> {
  return async function awaitBurst({ notificationIds }) {
    const unfinished: string[] = [];
    await Promise.all(
      notificationIds.map(async (id) => {
        const outcome = await headStarts.outcomeOf(id);
        if (outcome?.kind !== 'delivered') unfinished.push(id);
      }),
    );
    const untaken = unfinished.length > 0 ? await findUntaken(db, unfinished) : [];
    const queue = untaken.values();
    await Promise.all(
      Array.from({ length: STARTS_AT_ONCE }, async () => {
        for (const notification of queue) await control.start(notification);
      }),
    );
    return { notifications: notificationIds.length, handedOn: untaken.length };
  };
}
