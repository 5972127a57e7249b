import type { Series } from '../../../api/types';
import { TimeChart } from '../../../ui/chart/time-chart';
import { formatMilliseconds } from '../../../ui/time';
import { clockTime, dayTime } from '../../../ui/zone';

type Bucket = Series['buckets'][number];

const HEIGHT = 200;
const DAY_SECONDS = 86_400;
const RESULTS = [
  { name: 'succeeded', color: 'var(--chart-2)', value: ({ successes }: Bucket) => successes },
  { name: 'failed', color: 'var(--chart-4)', value: ({ failures }: Bucket) => failures },
];
const TIMES = [
  { name: 'p50', color: 'var(--chart-1)', value: ({ p50Ms }: Bucket) => p50Ms, dots: true },
  { name: 'p95', color: 'var(--chart-3)', value: ({ p95Ms }: Bucket) => p95Ms, dots: true },
];

/** Attempts over time, by result. */
export function OutcomeChart({ series }: { series: Series }) {
  return (
    <TimeChart
      label="Attempts by result"
      buckets={series.buckets}
      bars={RESULTS}
      height={HEIGHT}
      formatAt={formatOf(series)}
    />
  );
}

/** Response times: half of the attempts took at most p50, 95 % at most p95. */
export function TimingChart({ series }: { series: Series }) {
  return (
    <TimeChart
      label="Response times"
      buckets={series.buckets}
      lines={TIMES}
      height={HEIGHT}
      left={64}
      formatAt={formatOf(series)}
      formatValue={formatMilliseconds}
    />
  );
}

const formatOf = ({ bucketSeconds, buckets }: Series) =>
  bucketSeconds * buckets.length > DAY_SECONDS ? dayTime : clockTime;
