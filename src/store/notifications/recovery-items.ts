import { RECONCILE_AFTER_SECONDS, type ReopenedNotification } from '../../domain/delivery';
import { decodeId, encodeId, uuidFloor, uuidOf, uuidTimeMs } from '../../domain/ids';
import {
  MAX_RECOVERED,
  responseStatuses,
  type RecoveryAction,
  type RecoveryFilter,
  type RecoveryOutcomes,
} from '../../domain/recovery';
import type { NotificationStatus } from '../../domain/types';
import type { Executor } from '../db/database';
import { allSpans, collectOldestFirst, withoutLocks } from '../db/spans';
import { inWindow } from '../db/windows';
import { Conditions, soughtDays, type PlainFilter } from './notification-conditions';
import { eventBounds, eventsWithin, HAS_PAYLOAD, MAKE_DUE, REOPEN, WAITS } from './reopen';
import { REOPENED_COLUMNS, toReopened, type ReopenedRow } from './notification-refs';
import { CANCEL } from './transitions';

/** What a recovery by filter looks for. */
export interface Sought {
  action: RecoveryAction;
  filter: RecoveryFilter;
  since: Date;
  until: Date;
}

/** A running recovery by filter, and where it continues. */
export interface FilterTask {
  uuid: string;
  /** The first notification that may be left. */
  from: string | null;
  startedAt: Date;
  ratePerSecond: number;
  sought: Sought;
}

const plainOf = ({ filter }: Sought): PlainFilter => ({
  productIds: filter.productId === undefined ? undefined : [filter.productId],
  customerId: filter.customerId,
  subscriptionId: filter.subscriptionId,
  eventTypes: filter.type,
  statuses: filter.status,
  responseStatus: filter.responseStatus === undefined ? undefined : responseStatuses(filter.responseStatus),
  errorClasses: filter.errorClass,
});

/** @param first - placeholders of the lowest and the highest id that the events can have */
function conditionsOf(sought: Sought, first: string, last: string): Conditions {
  const conditions = new Conditions(plainOf(sought));
  conditions.add(`n.event_id between ${first} and ${last}`);
  conditions.add('exists (select from subscription_states s where s.id = n.subscription_id)');
  if (sought.action === 'retry') conditions.add(HAS_PAYLOAD(first, last));
  return conditions;
}

/** What a recovery by filter would process. */
export interface DryRun {
  count: number;
  /** Whether there are more than one recovery may process, of which no more are counted. */
  exceeded: boolean;
}

/** Counts the notifications that match, up to the most that one recovery processes. */
export async function countMatching(db: Executor, sought: Sought): Promise<DryRun> {
  const conditions = conditionsOf(sought, '$1', '$2');
  let count = 0;
  const bounds = { since: sought.since, until: sought.until, sought: soughtDays(plainOf(sought)) };
  for (const [from, to] of await allSpans(db, 'notifications', bounds)) {
    const { rows } = await withoutLocks(db, () =>
      db.query<{ count: number }>({
        text: `select count(*) as count from (select from notifications n
               where n.id >= $3 and n.id < $4${conditions.sql(6)} limit $5) matching`,
        values: [...eventsWithin([from, to]), from, to, MAX_RECOVERED + 1 - count, ...conditions.values],
      }),
    );
    count += rows[0]!.count;
    if (count > MAX_RECOVERED) return { count: MAX_RECOVERED, exceeded: true };
  }
  return { count, exceeded: false };
}

/** A notification that a recovery by filter has still to process. */
export interface Candidate {
  id: string;
  customerId: string;
}

/** Reads the oldest notifications that match and were not processed. */
export async function findCandidates(
  db: Executor,
  { uuid, sought, startedAt, from: firstLeft }: FilterTask,
  limit: number,
): Promise<Candidate[]> {
  const from = firstLeft ?? uuidFloor(0);
  const since = new Date(Math.max(sought.since.getTime(), uuidTimeMs(from)));
  const bounds = { since, until: sought.until, sought: soughtDays(plainOf(sought)) };
  const conditions = conditionsOf(sought, '$1', '$2');
  const rows = await collectOldestFirst(db, 'notifications', bounds, limit, async (span, left) => {
    const found = await db.query<{ id: string; customer_id: string }>({
      // A notification that was opened later was retried since and failed again.
      text: `select n.id, n.customer_id from notifications n
             where n.id >= $3 and n.id < $4 and n.id >= $5 and n.opened_at <= $6
               and not exists (select from recovery_items i where i.recovery_id = $7 and i.notification_id = n.id)${conditions.sql(9)}
             order by n.id limit $8`,
      values: [...eventsWithin(span), ...span, from, startedAt, uuid, left, ...conditions.values],
    });
    return found.rows;
  });
  return rows.map((row) => ({ id: encodeId('ntf', row.id), customerId: row.customer_id }));
}

/** Notes where a recovery by filter continues, so that nothing before is read again. */
export async function noteFirstLeft(db: Executor, recoveryUuid: string, notificationId: string): Promise<void> {
  await db.query({
    text: `update recoveries set done_up_to = $2, progressed_at = now() where id = $1 and status = 'running'`,
    values: [recoveryUuid, uuidOf(notificationId)],
  });
}

/** CTEs: the recovery is `mine`, and what was done with the notification is `changed`. */
const progress = (changed: string) => `${changed},
  noted as (
    update recoveries r set progressed_at = now(), retried = r.retried + (select count(*) from changed) from mine where r.id = mine.id
  ),
  listed as (
    insert into recovery_items (recovery_id, notification_id, customer_id, done)
    select mine.id, $2, $3, exists (select from changed) from mine
    where exists (select from customers c where c.id = $3 and not c.erasing) on conflict do nothing
  )`;
const MINE = `mine as (select id from recoveries where id = $1 and status = 'running' for no key update)`;

/** A notification that a recovery retried, whose workflow has to be signalled. */
export interface RetriedByFilter {
  notification: ReopenedNotification;
  /** Whether it was closed. If not, its workflow runs. */
  reopened: boolean;
}

/**
 * Reopens a closed notification for a recovery by filter, or makes one due that waits, and records
 * the progress, in one statement: a crash leaves both or none.
 *
 * @returns `stopped` if the recovery is not running, undefined if the notification cannot be
 *   retried any more
 */
export async function retryByFilter(
  db: Executor,
  recoveryUuid: string,
  { id, customerId }: Candidate,
  statuses: readonly string[],
): Promise<RetriedByFilter | 'stopped' | undefined> {
  type Changed = ReopenedRow & { reopened: boolean };
  const { rows } = await db.query<{ mine: boolean } & (Changed | { id: null })>({
    ...inWindow('retry-by-filter', uuidOf(id), (has) => {
      const update = (assignments: string, reopens: boolean, condition: string) => `
        update notifications n set ${assignments} from subscription_states s, mine
        where n.id = $2 and ${has('n.id')} and n.status = any ($4) and s.id = n.subscription_id and ${condition} and ${HAS_PAYLOAD('$5', '$6', has)}
        returning ${REOPENED_COLUMNS}, ${reopens} as reopened`;
      return `with ${MINE},
      reopened as (${update(REOPEN, true, `n.status in ('failed', 'cancelled')`)}),
      due as (${update(MAKE_DUE, false, WAITS)}),
      ${progress('changed as (select * from reopened union all select * from due)')}
      select exists (select from mine) as mine, changed.* from (select) one left join changed on true`;
    }),
    values: [recoveryUuid, uuidOf(id), customerId, statuses, ...eventBounds(id)],
  });
  const row = rows[0]!;
  if (!row.mine) return 'stopped';
  return row.id === null ? undefined : { notification: toReopened(row), reopened: row.reopened };
}

/**
 * Cancels an open notification for a recovery by filter and records the progress.
 *
 * @returns `stopped` if the recovery is not running, and otherwise whether it was open
 */
export async function cancelByFilter(
  db: Executor,
  recoveryUuid: string,
  { id, customerId }: Candidate,
  statuses: readonly NotificationStatus[],
): Promise<boolean | 'stopped'> {
  const { rows } = await db.query<{ mine: boolean; changed: boolean }>({
    ...inWindow(
      'cancel-by-filter',
      uuidOf(id),
      (has) => `with ${MINE},
      ${progress(`changed as (
        update notifications set ${CANCEL}, reconcile_after = now() + interval '${RECONCILE_AFTER_SECONDS} seconds' from mine
        where notifications.id = $2 and ${has('notifications.id')} and status = any ($4) returning notifications.id
      )`)}
      select exists (select from mine) as mine, exists (select from changed) as changed`,
    ),
    values: [recoveryUuid, uuidOf(id), customerId, statuses],
  });
  return rows[0]!.mine ? rows[0]!.changed : 'stopped';
}

/** Counts the processed notifications of a recovery by their state now. */
export async function readOutcomes(db: Executor, recoveryId: string): Promise<RecoveryOutcomes> {
  const outcomes: RecoveryOutcomes = { delivered: 0, failed: 0, waiting: 0, cancelled: 0 };
  const uuid = decodeId('rec', recoveryId);
  const { rows: bounds } = await db.query<{ first: string | null; last: string | null }>({
    text: `select (select notification_id from recovery_items where recovery_id = $1 order by 1 limit 1) as first,
             (select notification_id from recovery_items where recovery_id = $1 order by 1 desc limit 1) as last`,
    values: [uuid],
  });
  const { first, last } = bounds[0]!;
  if (first === null || last === null) return outcomes;
  const within = { since: new Date(uuidTimeMs(first)), until: new Date(uuidTimeMs(last) + 1) };
  for (const [from, to] of await allSpans(db, 'notifications', within)) {
    const { rows } = await withoutLocks(db, () =>
      db.query<{ outcome: keyof RecoveryOutcomes; count: number }>({
        text: `select case when n.status in ('delivered', 'failed', 'cancelled') then n.status else 'waiting' end as outcome, count(*) as count
               from recovery_items i join notifications n on n.id = i.notification_id
               where i.recovery_id = $1 and i.done and i.notification_id >= $2 and i.notification_id < $3 and n.id >= $2 and n.id < $3
               group by 1`,
        values: [uuid, from, to],
      }),
    );
    for (const { outcome, count } of rows) outcomes[outcome] += count;
  }
  return outcomes;
}
