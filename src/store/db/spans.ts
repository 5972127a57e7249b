import { uuidFloor, uuidTimeMs } from '../../domain/ids';
import type { Executor } from './database';
import { DAY_MS, dayOf, timeOf, type DailyTable } from './partition-catalog';

/** Days of one statement. Each day costs a statement the locks of a partition and its indexes. */
const FIRST_SPAN_DAYS = 4;
const SPAN_DAYS = 12;
/** Ids beyond: those that are made while the list is read, and rows without a daily partition. */
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const FIRST_ID = uuidFloor(0);

/** The ids of one statement: from the first one to before the second. */
export type Span = [from: string, to: string];

/** The bounds of a list. */
export interface Bounds {
  since?: Date;
  until?: Date;
  /** Only ids below this one. */
  after?: string;
}

/**
 * The spans of days that cover a table, newest first. Together they contain every id within the
 * bounds once; the first and the last have no limit of their own, so they include what the default
 * partition holds.
 *
 * @param oldestDay - called when the first span was not enough
 */
export async function* spansOf(bounds: Bounds, oldestDay: () => Promise<number>): AsyncGenerator<Span> {
  const least = bounds.since ? uuidFloor(bounds.since.getTime()) : FIRST_ID;
  const ends = [LAST_ID, bounds.after, bounds.until && uuidFloor(bounds.until.getTime())];
  let to = ends.filter((end) => end !== undefined).reduce((min, end) => (end < min ? end : min));
  const newestDay = Math.min(dayOf(Date.now()), dayOf(uuidTimeMs(to)));
  let oldest: number | undefined;
  for (let day = newestDay - FIRST_SPAN_DAYS + 1; to > least; day -= SPAN_DAYS) {
    const isLast = oldest !== undefined && day <= oldest;
    const start = isLast ? FIRST_ID : uuidFloor(day * DAY_MS);
    const from = start > least ? start : least;
    if (from < to) yield [from, to];
    if (isLast) return;
    to = from;
    oldest ??= await oldestDay();
  }
}

/** The spans that cover a table, or the part within the bounds, newest first. */
export async function allSpans(db: Executor, table: DailyTable, bounds: Bounds = {}): Promise<Span[]> {
  const spans: Span[] = [];
  for await (const span of spansOf(bounds, () => oldestDayOf(db, table))) spans.push(span);
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

const REMEMBERED_MS = 600_000;

/** Days after today whose ids are read with the newest ones, as clocks of machines differ. */
const DAYS_WITH_NEWEST = 1;

/**
 * {@link allSpans} for what runs every few seconds. The newest span is followed by the one of the
 * days to come, which a process whose clock is ahead may use. Remembers the spans for ten minutes:
 * together they have no end, and a span whose partitions were dropped is empty.
 */
export class RememberedSpans {
  private spans: Span[] = [];
  private readAt = -Infinity;

  constructor(
    private readonly db: Executor,
    private readonly table: DailyTable,
  ) {}

  async read(): Promise<Span[]> {
    if (performance.now() - this.readAt > REMEMBERED_MS) {
      const [newest, ...older] = await allSpans(this.db, this.table);
      const [from, end] = newest!;
      const ahead = uuidFloor((dayOf(Date.now()) + DAYS_WITH_NEWEST + 1) * DAY_MS);
      this.spans = [[from, ahead], [ahead, end], ...older];
      this.readAt = performance.now();
    }
    return this.spans;
  }
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
  return collect(
    spansOf(bounds, () => oldestDayOf(db, table)),
    limit,
    read,
  );
}

/** The first day with a partition; today if there is none. */
export async function oldestDayOf(db: Executor, table: DailyTable): Promise<number> {
  const { rows } = await db.query<{ digits: string | null }>({
    text: `select min(right(c.relname, 8)) as digits from pg_inherits i join pg_class c on c.oid = i.inhrelid
           where i.inhparent = $1::regclass and c.relname ~ '_\\d{8}$'`,
    values: [table],
  });
  const digits = rows[0]?.digits;
  return dayOf(digits ? timeOf(digits) : Date.now());
}
