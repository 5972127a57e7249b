import { SLOW_LANE_SECONDS } from '../../domain/delivery';
import { decodeId } from '../../domain/ids';
import type { Executor } from '../db/database';

/** Moves a subscription's attempts to the slow lane for 10 minutes. */
export async function markSlow(db: Executor, subscriptionId: string): Promise<void> {
  await db.query({
    text: `update subscriptions set slow_until = now() + interval '${SLOW_LANE_SECONDS} seconds'
           where id = $1 and (slow_until is null or slow_until < now() + interval '${SLOW_LANE_SECONDS / 2} seconds')`,
    values: [decodeId('sub', subscriptionId)],
  });
}

/**
 * Takes the next slot of a subscription's rate limit, if it is due. All processes share the limit:
 * the generic cell rate algorithm on one row.
 *
 * @returns 0 if a slot was taken; otherwise the seconds until the next slot, which is not taken
 */
export async function takeRateSlot(db: Executor, subscriptionId: string): Promise<number> {
  const { rows } = await db.query<{ wait_seconds: number }>({
    name: 'take-rate-place',
    text: `with taken as (
             update subscriptions set rate_next_at = greatest(rate_next_at, now()) + make_interval(secs => 1 / rate_limit_per_second)
             where id = $1 and (rate_next_at is null or rate_next_at <= now())
             returning 0::float8 as wait_seconds
           )
           select wait_seconds from taken
           union all
           select extract(epoch from rate_next_at - now())::float8 from subscriptions where id = $1 and not exists (select from taken)`,
    values: [decodeId('sub', subscriptionId)],
  });
  return Math.max(0, rows[0]?.wait_seconds ?? 0);
}
