import type { ReopenedNotification } from '../../domain/delivery';
import { decodeId, encodeId, newUuid, uuidFloor, uuidOf, uuidTimeMs } from '../../domain/ids';
import type { Recovery, RecoveryAction, RecoveryFilter, RecoveryStatus } from '../../domain/recovery';
import type { Scope } from '../../domain/types';
import type { Executor } from '../db/database';
import { allSpans, collectOldestFirst, withoutLocks } from '../db/spans';
import { inWindow } from '../db/windows';
import { soughtUuid } from './notification-conditions';
import { REOPENED_COLUMNS, toReopened, type ReopenedRow } from './notification-refs';
import { toPage, type Page, type PageRequest } from '../db/pages';
import { eventBounds, eventsWithin, HAS_PAYLOAD, REOPEN } from './reopen';

/** A row of `RECOVERY_COLUMNS`. */
export interface RecoveryRow {
  id: string;
  subscription_id: string | null;
  action: RecoveryAction;
  filter: RecoveryFilter | null;
  status: RecoveryStatus;
  since: Date;
  until: Date;
  rate_per_second: number;
  total: number;
  retried: number;
  skipped: number;
  created_at: Date;
  finished_at: Date | null;
}

export const RECOVERY_COLUMNS = `r.id, r.subscription_id, r.action, r.filter, r.status, r.since, r.until, r.rate_per_second, r.total, r.retried, r.skipped, r.created_at, r.finished_at`;
/**
 * A recovery is visible to everyone who may see its subscription, even after that is deleted, or
 * the product and customer that its filter is limited to. $1 are the products, $2 is the customer.
 */
const FROM_IN_SCOPE = `from recoveries r left join subscriptions s on s.id = r.subscription_id
    left join customers c on c.id = coalesce(s.customer_id, r.customer_id)
  where (coalesce(s.customer_id, r.customer_id) is null or not c.erasing)
    and ($1::text[] is null or coalesce(s.product_id, r.product_id, c.product_id) = any ($1)) and ($2::text is null or coalesce(s.customer_id, r.customer_id) = $2)`;

export function toRecovery(row: RecoveryRow): Recovery {
  return {
    id: encodeId('rec', row.id),
    subscriptionId: row.subscription_id && encodeId('sub', row.subscription_id),
    action: row.action,
    filter: row.filter,
    status: row.status,
    since: row.since,
    until: row.until,
    ratePerSecond: row.rate_per_second,
    total: row.total,
    retried: row.retried,
    skipped: row.skipped,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}

/** The notifications of a subscription that were accepted in a period. */
export interface RecoveryPeriod {
  subscriptionId: string;
  since: Date;
  until: Date;
}

export interface NewRecovery extends RecoveryPeriod {
  ratePerSecond: number;
}

/**
 * Inserts a recovery. From now on the reconciler makes sure that its workflow runs. Lock the
 * subscription first, so that it has one recovery at a time.
 */
export async function insertRecovery(db: Executor, recovery: NewRecovery): Promise<Recovery> {
  const { rows } = await db.query<RecoveryRow>({
    text: `insert into recoveries as r (id, subscription_id, since, until, rate_per_second, total)
           values ($1, $2, $3, $4, $5, $6) returning ${RECOVERY_COLUMNS}`,
    values: [
      newUuid(),
      decodeId('sub', recovery.subscriptionId),
      recovery.since,
      recovery.until,
      recovery.ratePerSecond,
      await countFailed(db, recovery, true),
    ],
  });
  return toRecovery(rows[0]!);
}

/** Counts the failed notifications of the period, of which the payload has expired or not. */
async function countFailed(db: Executor, recovery: RecoveryPeriod, withPayload: boolean): Promise<number> {
  const { subscriptionId, since, until } = recovery;
  let count = 0;
  for (const [from, to] of await allSpans(db, 'notifications', { since, until })) {
    const { rows } = await withoutLocks(db, () =>
      db.query<{ count: number }>({
        text: `select count(*) from notifications n
               where n.subscription_id = $1 and n.status = 'failed' and n.id >= $2 and n.id < $3 and ${withPayload ? '' : 'not '}${HAS_PAYLOAD('$4', '$5')}`,
        values: [decodeId('sub', subscriptionId), from, to, ...eventsWithin([from, to])],
      }),
    );
    count += rows[0]!.count;
  }
  return count;
}

/** Whether failed notifications of the period exist, but none that can be sent again. */
export async function isAllExpired(db: Executor, period: RecoveryPeriod): Promise<boolean> {
  return (await countFailed(db, period, true)) === 0 && (await countFailed(db, period, false)) > 0;
}

/** Finds the running recovery of a subscription. */
export async function findRunning(db: Executor, subscriptionId: string): Promise<Recovery | undefined> {
  const { rows } = await db.query<RecoveryRow>({
    text: `select ${RECOVERY_COLUMNS} from recoveries r where r.subscription_id = $1 and r.status = 'running'`,
    values: [decodeId('sub', subscriptionId)],
  });
  return rows[0] && toRecovery(rows[0]);
}

/** @returns undefined if there is none in scope */
export async function findRecovery(db: Executor, id: string, scope: Scope): Promise<Recovery | undefined> {
  const { rows } = await db.query<RecoveryRow>({
    text: `select ${RECOVERY_COLUMNS} ${FROM_IN_SCOPE} and r.id = $3`,
    values: [scope.productIds ?? null, scope.customerId ?? null, decodeId('rec', id) ?? null],
  });
  return rows[0] && toRecovery(rows[0]);
}

/**
 * The product and customer of a recovery: those of its subscription, or those that its filter is
 * limited to.
 */
export async function findOwners(
  db: Executor,
  id: string,
): Promise<{ productId: string | null; customerId: string | null } | undefined> {
  const { rows } = await db.query<{ productId: string | null; customerId: string | null }>({
    text: `select coalesce(s.product_id, r.product_id) as "productId", coalesce(s.customer_id, r.customer_id) as "customerId"
           from recoveries r left join subscriptions s on s.id = r.subscription_id where r.id = $1`,
    values: [decodeId('rec', id) ?? null],
  });
  return rows[0];
}

/** Lists recoveries, newest first. */
export async function listRecoveries(
  db: Executor,
  scope: Scope,
  filter: { subscriptionId?: string; status?: RecoveryStatus },
  page: PageRequest,
): Promise<Page<Recovery>> {
  const { rows } = await db.query<RecoveryRow>({
    text: `select ${RECOVERY_COLUMNS} ${FROM_IN_SCOPE} and ($3::uuid is null or r.subscription_id = $3) and ($4::text is null or r.status = $4)
             and ($5::uuid is null or r.id < $5)
           order by r.id desc limit $6`,
    values: [
      scope.productIds ?? null,
      scope.customerId ?? null,
      soughtUuid('sub', filter.subscriptionId) ?? null,
      filter.status ?? null,
      page.after ?? null,
      page.limit + 1,
    ],
  });
  return toPage(rows, page, toRecovery, (row) => row.id);
}

/**
 * Ends a recovery, unless it has ended. A completed recovery has skipped the notifications that
 * were not failed any more at their turn.
 */
export async function closeRecovery(
  db: Executor,
  id: string,
  status: Exclude<RecoveryStatus, 'running'>,
): Promise<boolean> {
  const { rowCount } = await db.query({
    text: `update recoveries set status = $2, finished_at = now(), total = greatest(total, retried),
             skipped = case when $2 = 'completed' then greatest(total - retried, 0) else 0 end
           where id = $1 and status = 'running'`,
    values: [decodeId('rec', id) ?? null, status],
  });
  return rowCount === 1;
}

/** Finds recoveries without progress, for the reconciler. */
export async function findStalled(db: Executor, olderThanSeconds: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: `select id from recoveries where status = 'running' and progressed_at < now() - make_interval(secs => $1) order by id limit 100`,
    values: [olderThanSeconds],
  });
  return rows.map((row) => encodeId('rec', row.id));
}

/** The state of a running recovery, and what it does next. */
export interface RecoveryTask {
  ratePerSecond: number;
  subscriptionDeleted: boolean;
  /** The next failed notifications in order of acceptance. */
  notificationIds: string[];
}

/** @returns undefined if the recovery is not running */
export async function findTask(db: Executor, id: string, maxNotifications: number): Promise<RecoveryTask | undefined> {
  const { rows } = await db.query<RecoveryRow & { done_up_to: string | null; deleted: boolean }>({
    text: `select ${RECOVERY_COLUMNS}, r.done_up_to, s.deleted_at is not null as deleted
           from recoveries r join subscriptions s on s.id = r.subscription_id where r.id = $1 and r.status = 'running'`,
    values: [decodeId('rec', id) ?? null],
  });
  const row = rows[0];
  if (!row) return undefined;
  const doneUpTo = row.done_up_to ?? uuidFloor(0);
  const since = new Date(Math.max(row.since.getTime(), uuidTimeMs(doneUpTo)));
  const bounds = { since, until: row.until };
  const next = await collectOldestFirst(db, 'notifications', bounds, maxNotifications, async ([from, to], left) => {
    const found = await db.query<{ id: string }>({
      // A notification that was opened later was retried since and failed again.
      text: `select id from notifications where subscription_id = $1 and status = 'failed' and id >= $2 and id < $3 and id > $4 and opened_at <= $5
             order by id limit $6`,
      values: [row.subscription_id, from, to, doneUpTo, row.created_at, left],
    });
    return found.rows;
  });
  return {
    ratePerSecond: row.rate_per_second,
    subscriptionDeleted: row.deleted,
    notificationIds: next.map((notification) => encodeId('ntf', notification.id)),
  };
}

/**
 * Reopens a failed notification for a recovery and records the progress, in one statement: a crash
 * leaves both or none. If the signal that follows is lost, the reconciler finds the notification.
 *
 * @returns `stopped` if the recovery is not running or is past this notification, undefined if the
 *   notification is not failed any more or its payload has expired, and otherwise what is needed to
 *   start its workflow
 */
export async function retryForRecovery(
  db: Executor,
  recoveryId: string,
  notificationId: string,
): Promise<ReopenedNotification | 'stopped' | undefined> {
  const { rows } = await db.query<{ mine: boolean } & (ReopenedRow | { id: null })>({
    ...inWindow(
      'retry-for-recovery',
      uuidOf(notificationId),
      (has) => `with mine as (
             select id from recoveries where id = $1 and status = 'running' and (done_up_to is null or done_up_to < $2) for no key update
           ),
           reopened as (
             update notifications n set ${REOPEN}
             from subscription_states s, mine
             where n.id = $2 and ${has('n.id')} and n.status = 'failed' and s.id = n.subscription_id and ${HAS_PAYLOAD('$3', '$4', has)}
             returning ${REOPENED_COLUMNS}
           ),
           noted as (
             update recoveries r set done_up_to = $2, progressed_at = now(), retried = r.retried + (select count(*) from reopened)
             from mine where r.id = mine.id
           ),
           listed as (
             insert into recovery_items (recovery_id, notification_id, customer_id, done)
             select mine.id, reopened.id, reopened.customer_id, true from mine, reopened on conflict do nothing
           )
           select exists (select from mine) as mine, reopened.* from (select) one left join reopened on true`,
    ),
    values: [decodeId('rec', recoveryId), decodeId('ntf', notificationId), ...eventBounds(notificationId)],
  });
  const row = rows[0]!;
  if (!row.mine) return 'stopped';
  return row.id === null ? undefined : toReopened(row);
}
