import { uuidFloor, uuidTimeMs } from '../../domain/ids';
import type { Executor } from './database';
import { DAY_MS, dayOf, type DailyTable } from './partition-catalog';
import { readPastDays, type PastDays, type Sought } from './past-days';

/** Days of one statement. Each day costs a statement the locks of a partition and its indexes. */
const FIRST_SPAN_DAYS = 3;
const SPAN_DAYS = 11;
/** Ids beyond: those that are made while the list is read, and rows without a daily partition. */
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const FIRST_ID = uuidFloor(0);

/** The ids of one statement: from the first one to before the second. */
export type Span = [from: string, to: string];

/** SQL: the id is in a span. As literals, so that the statement locks the partitions of it only. */
export const inSpan = ([from, to]: Span) => `id >= '${from}' and id < '${to}'`;

/** The bounds of a list. */
export interface Bounds {
  since?: Date;
  until?: Date;
  /** Only ids below this one. */
  after?: string;
  /** Days that cannot contain this are skipped. */
  sought?: Sought;
}

const floorOf = (day: number) => uuidFloor(day * DAY_MS);

/**
 * The spans of days that cover a table, newest first. Together they contain every id within the
 * bounds once, except those of skipped days; the first and the last have no limit of their own, so
 * they include what the default partition holds.
 *
 * @param past - called when the first span was not enough, with the first day of it
 */
export async function* spansOf(bounds: Bounds, past: (before: number) => Promise<PastDays>): AsyncGenerator<Span> {
  const least = bounds.since ? uuidFloor(bounds.since.getTime()) : FIRST_ID;
  const ends = [LAST_ID, bounds.after, bounds.until && uuidFloor(bounds.until.getTime())];
  const end = ends.filter((id) => id !== undefined).reduce((min, id) => (id < min ? id : min));
  const within = (from: string, to: string): Span[] => {
    const span: Span = [from > least ? from : least, to < end ? to : end];
    return span[0] < span[1] ? [span] : [];
  };
  const firstDay = Math.min(dayOf(Date.now()), dayOf(uuidTimeMs(end))) - FIRST_SPAN_DAYS + 1;
  yield* within(floorOf(firstDay), LAST_ID);
  if (floorOf(firstDay) <= least) return;
  const { oldest, days } = await past(firstDay);
  let from = firstDay;
  while (days.length > 0) {
    const newest = days[0]!;
    const left = days.findIndex((day) => day <= newest - SPAN_DAYS);
    const group = days.splice(0, left === -1 ? days.length : left);
    from = group.at(-1)!;
    yield* within(from <= oldest ? FIRST_ID : floorOf(from), floorOf(newest + 1));
  }
  if (from > oldest || from === firstDay) yield* within(FIRST_ID, floorOf(Math.min(oldest, firstDay)));
}

/** The spans that cover a table, or the part within the bounds, newest first. */
export async function allSpans(db: Executor, table: DailyTable, bounds: Bounds = {}): Promise<Span[]> {
  const spans: Span[] = [];
  for await (const span of spansOf(bounds, pastOf(db, table, bounds))) spans.push(span);
  return spans;
}

/** As {@link allSpans}, oldest first. */
export async function oldestFirst(db: Executor, table: DailyTable, bounds: Bounds = {}): Promise<Span[]> {
  return (await allSpans(db, table, bounds)).reverse();
}

/**
 * Collects rows from the oldest to the newest day, until there are enough.
 *
 * @param read - reads at most `left` rows of a span
 */
export async function collectOldestFirst<Row>(
  db: Executor,
  table: DailyTable,
  bounds: Bounds,
  limit: number,
  read: (span: Span, left: number) => Promise<Row[]>,
): Promise<Row[]> {
  return collect(await oldestFirst(db, table, bounds), limit, read);
}

async function collect<Row>(
  spans: AsyncIterable<Span> | Iterable<Span>,
  limit: number,
  read: (span: Span, left: number) => Promise<Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const span of spans) {
    rows.push(...(await read(span, limit - rows.length)));
    if (rows.length >= limit) break;
  }
  return rows;
}

/**
 * Runs statements that only read, without keeping their locks. A transaction keeps the locks of
 * each statement to its end, so one that reads span by span would hold those of all partitions.
 * Rolling back to a savepoint releases them.
 */
export async function withoutLocks<T>(db: Executor, read: () => Promise<T>): Promise<T> {
  const isTransaction = !('transaction' in db);
  if (!isTransaction) return read();
  await db.query({ text: 'savepoint reading' });
  try {
    return await read();
  } finally {
    await db.query({ text: 'rollback to savepoint reading; release savepoint reading' });
  }
}

/** Days after today whose ids are read with the newest ones, as clocks of machines differ. */
const DAYS_WITH_NEWEST = 1;

/**
 * The spans with open notifications, for what runs every few seconds. The newest is followed by the
 * one of the days to come, which a process whose clock is ahead may use.
 */
export async function openSpans(db: Executor): Promise<[newest: Span, ahead: Span, ...older: Span[]]> {
  const [newest, ...older] = await allSpans(db, 'notifications', { sought: { open: true } });
  const [from, end] = newest!;
  const ahead = floorOf(dayOf(Date.now()) + DAYS_WITH_NEWEST + 1);
  return [[from, ahead], [ahead, end], ...older];
}

/**
 * Collects rows from the newest to the oldest day, until there are enough. One statement reads few
 * partitions, so that its cost and its locks do not grow with the age of the installation.
 *
 * @param read - reads at most `left` rows of a span, newest first
 */
export async function newestFirst<Row>(
  db: Executor,
  table: DailyTable,
  bounds: Bounds,
  limit: number,
  read: (span: Span, left: number) => Promise<Row[]>,
): Promise<Row[]> {
  return collect(spansOf(bounds, pastOf(db, table, bounds)), limit, read);
}

const pastOf =
  (db: Executor, table: DailyTable, { sought }: Bounds) =>
  (before: number) =>
    readPastDays(db, table, before, sought);
