import { OVERDUE_SECONDS } from '../../domain/delivery';
import type { OpenNotifications, OpenOfStatus } from '../../domain/open-notifications';
import type { Executor } from '../db/database';
import { openSpans, type Span } from '../db/spans';

const NONE: OpenOfStatus = { count: 0, oldestOpenedAt: null };
/** An attempt that is due for longer counts as overdue: the reconciler has checked it in vain. */
const OVERDUE_AFTER = `interval '${2 * OVERDUE_SECONDS} seconds'`;

/**
 * Counts open notifications by status, for the metrics. The newest days are counted in every call.
 * The counts of older days with open notifications, which change little, are kept, and one span of
 * them is counted again.
 */
export class OpenCounts {
  private readonly older = new Map<string, OpenNotifications>();
  private next = 0;

  constructor(private readonly db: Executor) {}

  async read(): Promise<OpenNotifications> {
    const [newest, ...spans] = await openSpans(this.db);
    let total = await this.count(newest);
    const turn = spans.length > 0 ? this.next++ % spans.length : -1;
    const kept = new Map(this.older);
    this.older.clear();
    for (const [index, span] of spans.entries()) {
      const key = span.join();
      const counts = (index !== turn && kept.get(key)) || (await this.count(span));
      this.older.set(key, counts);
      total = sum(total, counts);
    }
    return total;
  }

  /** One that was released is due from then on, which `claimed_until` shows. */
  private async count([from, to]: Span): Promise<OpenNotifications> {
    const { rows } = await this.db.query<{ status: string; count: number; oldest: Date; overdue: number }>({
      text: `select status, count(*), min(opened_at) as oldest,
               count(*) filter (where status in ('pending', 'retrying') and coalesce(next_attempt_at, greatest(opened_at, claimed_until)) < now() - ${OVERDUE_AFTER}) as overdue
             from notifications
             where status in ('pending', 'delivering', 'retrying', 'held') and id >= $1 and id < $2 group by status`,
      values: [from, to],
    });
    const found = rows.map(({ status, count, oldest }) => [status, { count, oldestOpenedAt: oldest }] as const);
    return {
      byStatus: { pending: NONE, delivering: NONE, retrying: NONE, held: NONE, ...Object.fromEntries(found) },
      overdue: rows.reduce((total, { overdue }) => total + overdue, 0),
    };
  }
}

function sum(a: OpenNotifications, b: OpenNotifications): OpenNotifications {
  const byStatus = { ...a.byStatus };
  for (const status of Object.keys(byStatus) as (keyof typeof byStatus)[])
    byStatus[status] = sumOfStatus(byStatus[status] ?? NONE, b.byStatus[status] ?? NONE);
  return { byStatus, overdue: a.overdue + b.overdue };
}

function sumOfStatus(a: OpenOfStatus, b: OpenOfStatus): OpenOfStatus {
  const times = [a.oldestOpenedAt, b.oldestOpenedAt].flatMap((time) => (time ? [time.getTime()] : []));
  return { count: a.count + b.count, oldestOpenedAt: times.length > 0 ? new Date(Math.min(...times)) : null };
}
