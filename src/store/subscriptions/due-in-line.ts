import { DRAIN_PER_SECOND, dueAtMs, rateIntervalMs } from '../../domain/rate-line';
import type { Executor } from '../db/database';
import { LINE_COLUMNS, toLine, type LineRow } from './rate-line';

/** What says whether a notification waits in a line. */
export interface InLine {
  subscription_id: string;
  status: string;
  rate_seq: number | null;
  next_attempt_at: Date | null;
}

/**
 * Calculates when notifications are due that wait in a line. What their workflows noted when they
 * asked for their turn is not true any more after a change of the limit.
 *
 * @returns when one of `rows` is due: what it says itself, or what was calculated
 */
export async function readDueTimes<Row extends InLine>(
  db: Executor,
  rows: readonly Row[],
): Promise<(row: Row) => Date | null> {
  // An attempt that begins leaves the line.
  const waits = ({ status, rate_seq }: InLine) => rate_seq !== null && ['pending', 'retrying'].includes(status);
  const subscriptions = [...new Set(rows.filter(waits).map((row) => row.subscription_id))];
  if (subscriptions.length === 0) return (row) => row.next_attempt_at;
  const { rows: lines } = await db.query<LineRow & { subscription_id: string; rate_limit_per_second: number | null }>({
    text: `select l.subscription_id, s.rate_limit_per_second, ${LINE_COLUMNS}
           from rate_lines l join subscriptions s on s.id = l.subscription_id where l.subscription_id = any ($1)`,
    values: [subscriptions],
  });
  const bySubscription = new Map(lines.map((line) => [line.subscription_id, line]));
  return (row) => {
    const found = bySubscription.get(row.subscription_id);
    if (!waits(row) || !found) return row.next_attempt_at;
    const { nowMs, ...line } = toLine(found);
    const intervalMs = rateIntervalMs(found.rate_limit_per_second ?? DRAIN_PER_SECOND);
    return new Date(Math.max(nowMs, dueAtMs(line, row.rate_seq!, intervalMs, nowMs)));
  };
}
