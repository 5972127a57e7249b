import { decodeId } from '../../domain/ids';
import type { Executor } from '../db/database';
import { percentilesOf, type BucketCount, type Percentiles } from './duration-buckets';
import { firstHourAt } from './summarise-response-times';

/** The classes of responses: the first digit of the status, or none. */
export const RESPONSE_CLASSES = ['2xx', '3xx', '4xx', '5xx', 'none'] as const;
type ResponseClass = (typeof RESPONSE_CLASSES)[number];

/** The attempts of a subscription over the last day, to about a minute. */
export interface DayStatistics extends Percentiles {
  attempts: number;
  /** Share of successful attempts; null without attempts. */
  successRate: number | null;
}

const NONE: DayStatistics = { attempts: 0, successRate: null, p50Ms: null, p95Ms: null, p99Ms: null };

/** Reads the figures of subscriptions over the last day, in the given order. */
export async function readDayStatistics(db: Executor, subscriptionIds: readonly string[]): Promise<DayStatistics[]> {
  const uuids = subscriptionIds.map((id) => decodeId('sub', id)!);
  const { rows } = await db.query<Percentiles & { id: string; attempts: number; successes: number }>({
    text: `select subscription_id as id, attempts::float8 as attempts, successes::float8 as successes, p50_ms as "p50Ms", p95_ms as "p95Ms", p99_ms as "p99Ms"
           from subscription_day_statistics where subscription_id = any ($1)`,
    values: [uuids],
  });
  const found = new Map(
    rows.map(({ id, attempts, successes, ...percentiles }) => [
      id,
      { attempts, successRate: successes / attempts, ...percentiles },
    ]),
  );
  return uuids.map((uuid) => found.get(uuid) ?? NONE);
}

/** The attempts of a subscription with responses of one class. */
export interface ClassStatistics extends Percentiles {
  responseClass: ResponseClass;
  attempts: number;
}

/** Reads the response times of one subscription over the last day, in total and by class. */
export async function readResponseTimes(
  db: Executor,
  subscriptionId: string,
  now: Date,
): Promise<DayStatistics & { classes: ClassStatistics[] }> {
  const { rows } = await db.query<BucketCount & { responseClass: number; successes: number }>({
    text: `select response_class as "responseClass", bucket, sum(attempts)::float8 as attempts, sum(successes)::float8 as successes
           from response_times where subscription_id = $1 and hour >= $2 group by 1, 2`,
    values: [decodeId('sub', subscriptionId), firstHourAt(now.getTime())],
  });
  const sum = (counts: readonly { attempts: number }[]) => counts.reduce((total, { attempts }) => total + attempts, 0);
  const attempts = sum(rows);
  const successes = rows.reduce((total, row) => total + row.successes, 0);
  const classes = RESPONSE_CLASSES.flatMap((responseClass) => {
    const counts = rows.filter((row) => nameOf(row.responseClass) === responseClass);
    return counts.length > 0 ? [{ responseClass, attempts: sum(counts), ...percentilesOf(counts) }] : [];
  });
  return { attempts, successRate: attempts > 0 ? successes / attempts : null, ...percentilesOf(rows), classes };
}

function nameOf(digit: number): ResponseClass {
  return RESPONSE_CLASSES.find((name) => name.startsWith(String(digit))) ?? 'none';
}
