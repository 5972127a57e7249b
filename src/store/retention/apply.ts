import { isAll, isNone, type RetentionDays } from '../../domain/retention';
import { uuidFloor } from '../../domain/ids';
import type { Executor } from '../db/database';
import {
  DAY_MS,
  dateOf,
  dayOf,
  KEY_PERIOD_DAYS,
  listDaily,
  listKeyPartitions,
  type DailyPartition,
} from '../db/partition-catalog';
import { readLimits, signatureOf } from './limits';
import {
  countOpenIn,
  deleteClosed,
  deleteInBatches,
  dropPartition,
  rewritePartition,
  type DayExpiry,
} from './partition-changes';

/** What one run of retention did. */
export interface RetentionRun {
  /** Partitions that were dropped. */
  dropped: string[];
  /** Partitions from which expired payloads or rows were removed. */
  rewritten: string[];
  /** The locked partition at which the run ended; null if it reached its end. */
  postponed: string | null;
}

/**
 * Removes what has expired, oldest day first. A run that is interrupted leaves whole partitions
 * done or not done, and the next continues. A run ends at the first partition that is locked: a
 * reader that holds one, such as a backup, soon holds all.
 *
 * @param db - statements may run for as long as copying a day takes
 */
export async function applyRetention(db: Executor, days: RetentionDays, nowMs: number): Promise<RetentionRun> {
  const run: RetentionRun = { dropped: [], rewritten: [], postponed: null };
  const limits = await readLimits(db, days);
  const today = dayOf(nowMs);
  const partitions = await listDaily(db);
  for (const day of new Set(partitions.map((partition) => partition.day))) {
    const ageDays = today - day - 1;
    const ofDay = partitions.filter((partition) => partition.day === day);
    const notifications = ofDay.find(({ table }) => table === 'notifications');
    const expiry = { payload: limits.payload(ageDays), history: limits.history(ageDays), notifications };
    if (!isNone(expiry.payload) || !isNone(expiry.history)) await applyToDay(db, ofDay, expiry, run);
    if (run.postponed !== null) return run;
  }
  await dropOldKeys(db, days, today, run);
  await deleteOldRows(db, days, nowMs);
  return run;
}

async function applyToDay(db: Executor, ofDay: DailyPartition[], expiry: DayExpiry, run: RetentionRun): Promise<void> {
  const open = expiry.notifications ? await countOpenIn(db, expiry.notifications) : 0;
  // Notifications first: once they are gone, no open one can need its event.
  const order = ['notifications', 'events', 'attempts'] as const;
  for (const partition of order.flatMap((table) => ofDay.filter((one) => one.table === table))) {
    const droppable = isAll(expiry.history) && (open === 0 || partition.table === 'attempts');
    const done = droppable ? await drop(db, partition, run) : await removeFrom(db, partition, expiry, open, run);
    if (done) continue;
    run.postponed = partition.name;
    return;
  }
}

async function drop(db: Executor, partition: DailyPartition, run: RetentionRun): Promise<boolean> {
  if (!(await dropPartition(db, partition))) return false;
  run.dropped.push(partition.name);
  await db.query({
    text: 'delete from retained_days where table_name = $1 and day = $2',
    values: [partition.table, dateOf(partition.day)],
  });
  return true;
}

/** @returns false if the partition is locked */
async function removeFrom(
  db: Executor,
  partition: DailyPartition,
  expiry: DayExpiry,
  open: number,
  run: RetentionRun,
): Promise<boolean> {
  const { table } = partition;
  const signature = `${table === 'notifications' ? '' : signatureOf(expiry.payload)};${signatureOf(expiry.history)}`;
  const openNow = table === 'attempts' ? 0 : open;
  if (await isDone(db, partition, signature, openNow)) return true;
  if (table === 'notifications') await deleteClosed(db, partition, expiry.history);
  else if (await rewritePartition(db, partition, expiry)) run.rewritten.push(partition.name);
  else return false;
  await db.query({
    text: `insert into retained_days (table_name, day, signature, open_notifications) values ($1, $2, $3, $4)
           on conflict (table_name, day) do update set signature = excluded.signature, open_notifications = excluded.open_notifications, done_at = now()`,
    values: [table, dateOf(partition.day), signature, openNow],
  });
  return true;
}

async function isDone(db: Executor, { table, day }: DailyPartition, signature: string, open: number): Promise<boolean> {
  const { rowCount } = await db.query({
    text: 'select from retained_days where table_name = $1 and day = $2 and signature = $3 and open_notifications = $4',
    values: [table, dateOf(day), signature, open],
  });
  return rowCount === 1;
}

/**
 * Drops ids of producers. Until then they also serve to find events by them. Events without payload
 * have an index of their own for that, so a partition of ids waits until its days have been
 * rewritten.
 */
async function dropOldKeys(db: Executor, days: RetentionDays, today: number, run: RetentionRun): Promise<void> {
  for (const partition of await listKeyPartitions(db)) {
    const endDay = partition.until * KEY_PERIOD_DAYS;
    if (endDay + days.eventIds > today) break;
    const { rows } = await db.query<{ day: string }>({
      text: `select day::text from retained_days where table_name = 'events'`,
    });
    const rewritten = new Set(rows.map(({ day }) => day));
    const left = (await listDaily(db)).filter(
      ({ table, day }) => table === 'events' && day < endDay && !rewritten.has(dateOf(day)),
    );
    if (left.length > 0) break;
    if (!(await dropPartition(db, { table: 'event_keys', name: partition.name }))) {
      run.postponed = partition.name;
      return;
    }
    run.dropped.push(partition.name);
  }
}

async function deleteOldRows(db: Executor, days: RetentionDays, nowMs: number): Promise<void> {
  const before = (age: number) => `id < '${uuidFloor(nowMs - age * DAY_MS)}'`;
  await deleteInBatches(db, 'audit', before(days.audit));
  await deleteInBatches(db, 'challenges', before(days.history));
  await deleteInBatches(db, 'deploys', before(days.history));
  const expired = `expires_at < to_timestamp(${Math.floor(nowMs / 1000)})`;
  await deleteInBatches(db, 'play_requests', expired);
  await deleteInBatches(db, 'play_inboxes', expired);
  await deleteInBatches(db, 'recoveries', `${before(days.history)} and status <> 'running'`);
}
