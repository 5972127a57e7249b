import { useNavigate } from 'react-router';
import type { Overview } from '../../api/types';
import { TimeChart } from '../../ui/chart/time-chart';
import { clockTime } from '../../ui/zone';

type Bucket = Overview['buckets'][number];

const HEIGHT = 230;
const RESULTS = [
  { name: 'delivered', color: 'var(--chart-2)', value: ({ delivered }: Bucket) => delivered },
  { name: 'will retry', color: 'var(--chart-3)', value: ({ retrying }: Bucket) => retrying },
  { name: 'failed', color: 'var(--chart-4)', value: ({ failed }: Bucket) => failed },
];
const ACCEPTED = [{ name: 'accepted', color: 'var(--chart-1)', value: ({ accepted }: Bucket) => accepted }];

/** Accepted notifications as a line over the results of attempts as stacked bars. */
export function TrafficChart({ overview: { buckets, bucketSeconds } }: { overview: Overview }) {
  const navigate = useNavigate();
  return (
    <TimeChart
      label="Accepted notifications and results of attempts"
      buckets={buckets}
      bars={RESULTS}
      lines={ACCEPTED}
      height={HEIGHT}
      formatAt={clockTime}
      onPick={({ at }) => void navigate(logsOf(at, bucketSeconds))}
    />
  );
}

/** The notifications that were accepted in a bucket. */
function logsOf(at: string, bucketSeconds: number): string {
  const until = new Date(Date.parse(at) + bucketSeconds * 1000).toISOString();
  return `/logs?${new URLSearchParams({ period: 'between', since: at, until })}`;
}
