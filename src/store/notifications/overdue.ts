import { type OverdueNotification } from '../../domain/delivery';
import { type NotificationStatus } from '../../domain/types';
import { decodeId, encodeId } from '../../domain/ids';
import type { Executor } from '../db/database';
import { allSpans, openSpans, type Span } from '../db/spans';
import { byWindow } from '../db/windows';
import { REOPENED_COLUMNS, toReopened, type ReopenedRow } from './notification-refs';
import { UNATTEMPTED } from './claims';

interface OverdueRow extends ReopenedRow {
  status: NotificationStatus;
  opened_at: Date;
  reopened: boolean;
  due_in_seconds: number;
  retry_asked: boolean;
  unattempted: boolean;
}

/**
 * Takes overdue notifications: accepted but not started, or waiting past their due time. Concurrent
 * reconcilers get different notifications, and none is returned again within `againAfterSeconds`.
 *
 * @param span - looks at the notifications of these days only
 */
export async function takeOverdue(
  db: Executor,
  limit: number,
  againAfterSeconds: number,
  [from, to]: Span,
): Promise<OverdueNotification[]> {
  const { rows } = await db.query<OverdueRow>({
    text: `with overdue as (
             update notifications set reconcile_after = now() + make_interval(secs => $2)
             where id >= $3 and id < $4
               and id in (select id from notifications where reconcile_after < now() and id >= $3 and id < $4 order by reconcile_after limit $1 for update skip locked)
             returning *
           )
           select ${REOPENED_COLUMNS}, n.status, n.opened_at, n.opened_at > n.created_at as reopened, greatest(0, coalesce(extract(epoch from n.next_attempt_at - now()), 0))::float8 as due_in_seconds, n.retry_asked, ${UNATTEMPTED} as unattempted from overdue n left join subscription_states s on s.id = n.subscription_id order by n.id`,
    values: [limit, againAfterSeconds, from, to],
  });
  return rows.map((row) => ({
    ...toReopened(row),
    status: row.status,
    openedAt: row.opened_at,
    reopened: row.reopened,
    dueInSeconds: row.due_in_seconds,
    retryAsked: row.retry_asked,
    unattempted: row.unattempted,
  }));
}

/** Has notifications that were taken checked again sooner, unless they are closed. */
export async function checkAgain(db: Executor, ids: readonly string[], afterSeconds: number): Promise<void> {
  for (const [window, uuids] of byWindow(uuidsOf(ids), (uuid) => uuid))
    await db.query({
      text: `update notifications set reconcile_after = least(reconcile_after, now() + make_interval(secs => $2))
             where id = any($1) and ${window.has('id')} and reconcile_after is not null`,
      values: [uuids, afterSeconds],
    });
}

/** Has open notifications checked in the next sweep, held ones included. Ignores unknown ids. */
export async function checkNow(db: Executor, ids: readonly string[]): Promise<void> {
  for (const [window, uuids] of byWindow(uuidsOf(ids), (uuid) => uuid))
    await db.query({
      text: `update notifications set reconcile_after = now()
             where id = any($1) and ${window.has('id')} and status in ('pending', 'delivering', 'retrying', 'held')`,
      values: [uuids],
    });
}

/** Ends the checks of a notification that is held or closed. */
export async function endCheck(db: Executor, id: string): Promise<void> {
  await db.query({
    text: `update notifications set reconcile_after = null where id = $1 and status in ('cancelled', 'failed', 'delivered', 'held')`,
    values: [decodeId('ntf', id)],
  });
}

/** @returns those of the notifications that the reconciler still has to look at */
export async function findStillOpen(db: Executor, ids: readonly string[]): Promise<string[]> {
  const open: string[] = [];
  for (const [window, uuids] of byWindow(uuidsOf(ids), (uuid) => uuid)) {
    const { rows } = await db.query<{ id: string }>({
      text: `select id from notifications
             where id = any($1) and ${window.has('id')} and reconcile_after is not null and status not in ('cancelled', 'delivered', 'held')`,
      values: [uuids],
    });
    open.push(...rows.map(({ id }) => encodeId('ntf', id)));
  }
  return open;
}

/** Older spans of days that one call looks at, beside the newest. */
const OLDER_SPANS_AT_ONCE = 3;
/** Every twelfth call, once a minute of the reconciler, also looks at one of all spans. */
const CALLS_PER_ANY_SPAN = 12;

/**
 * Looks at the newest days in every call, and at the older days with open notifications in turn. So
 * the cost of a call does not grow with the age of the installation, and twelve calls, a minute of
 * the reconciler, get around more than a year. Days without open notifications, by their summaries,
 * have their turn much more rarely, in case a summary is wrong.
 */
export class OverdueSweep {
  private calls = 0;
  private next = 0;
  private anyNext = 0;

  constructor(private readonly db: Executor) {}

  /** As {@link takeOverdue}, of the days whose turn it is. */
  async take(limit: number, againAfterSeconds: number): Promise<OverdueNotification[]> {
    const [newest, ...open] = await openSpans(this.db);
    const found = await takeOverdue(this.db, limit, againAfterSeconds, newest);
    for (const span of await this.inTurn(open)) {
      if (found.length >= limit) break;
      found.push(...(await takeOverdue(this.db, limit - found.length, againAfterSeconds, span)));
    }
    return found;
  }

  private async inTurn(open: readonly Span[]): Promise<Span[]> {
    const turns = Math.min(OLDER_SPANS_AT_ONCE, open.length);
    const spans = Array.from({ length: turns }, () => open[this.next++ % open.length]!);
    if (this.calls++ % CALLS_PER_ANY_SPAN > 0) return spans;
    const all = await allSpans(this.db, 'notifications');
    return [...spans, all[this.anyNext++ % all.length]!];
  }
}

/** Leaves out what is no id, as of a workflow that an operator started. */
const uuidsOf = (ids: readonly string[]) => ids.flatMap((id) => decodeId('ntf', id) ?? []);
