import { SLOW_LANE_SECONDS } from '../../domain/delivery';
import { decodeId } from '../../domain/ids';
import type { Executor } from '../db/database';

/**
 * Moves a subscription's attempts to the slow lane for 10 minutes.
 *
 * @param receiverRevision - which is slow: another URL, to which the subscription was changed
 *   meanwhile, may not be
 */
export async function markSlow(db: Executor, subscriptionId: string, receiverRevision: number): Promise<void> {
  await db.query({
    text: `update subscriptions set slow_until = now() + interval '${SLOW_LANE_SECONDS} seconds'
           where id = $1 and receiver_revision = $2 and (slow_until is null or slow_until < now() + interval '${SLOW_LANE_SECONDS / 2} seconds')`,
    values: [decodeId('sub', subscriptionId), receiverRevision],
  });
}
