import { decodeId, encodeId } from '../../domain/ids';
import type { Executor } from '../db/database';
import { allSpans } from '../db/spans';
import { readLine } from './rate-line';
import { requestWake } from './rate-wakes';

/**
 * Gaps: numbers that were given up, because their notifications were cancelled or held. Those
 * behind them sleep until their old turns.
 */

/** How long the turn of a front is over before it is looked for. */
const LATE_SECONDS = 2;
/** Lines that are checked in one sweep. Those whose front is only late are among them. */
const MAX_LINES = 100;

/**
 * Moves lines on to the first number that waits, if their front was given up, and marks them to be
 * woken.
 *
 * @returns the ids of their subscriptions, which need a settlement
 */
export async function closeGaps(db: Executor): Promise<string[]> {
  const { rows } = await db.query<{ subscription_id: string }>({
    text: `select subscription_id from rate_lines
           where front_seq < next_seq and front_at < now() - interval '${LATE_SECONDS} s' and wake_since is null
           order by random() limit ${MAX_LINES}`,
  });
  const closed: string[] = [];
  for (const { subscription_id: uuid } of rows) {
    const id = encodeId('sub', uuid);
    if ((await moveOn(db, id)) && (await requestWake(db, id))) closed.push(id);
  }
  return closed;
}

/** @returns whether the front was given up, and nobody changed the line meanwhile */
async function moveOn(db: Executor, subscriptionId: string): Promise<boolean> {
  const { frontSeq, nextSeq, version } = await readLine(db, subscriptionId);
  const first = (await findFirst(db, subscriptionId, frontSeq)) ?? nextSeq;
  if (first <= frontSeq) return false;
  const { rowCount } = await db.query({
    text: 'update rate_lines set front_seq = $3, version = version + 1 where subscription_id = $1 and version = $2',
    values: [decodeId('sub', subscriptionId), version, first],
  });
  return rowCount === 1;
}

/** @returns the lowest number that waits, from `frontSeq` on; undefined if nobody waits */
async function findFirst(db: Executor, subscriptionId: string, frontSeq: number): Promise<number | undefined> {
  let first: number | undefined;
  for (const [from, to] of await allSpans(db, 'notifications')) {
    const { rows } = await db.query<{ first: number | null }>({
      text: `select min(rate_seq) as first from notifications
             where subscription_id = $1 and status in ('pending', 'retrying') and rate_seq >= $2 and id >= $3 and id < $4`,
      values: [decodeId('sub', subscriptionId), frontSeq, from, to],
    });
    const found = rows[0]!.first ?? undefined;
    if (found === frontSeq) return found;
    if (found !== undefined) first = Math.min(first ?? found, found);
  }
  return first;
}
