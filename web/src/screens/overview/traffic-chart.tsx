import { t } from '@lingui/core/macro';
import { useNavigate } from 'react-router';
import type { Deploy, Overview } from '../../api/types';
import { TimeChart } from '../../ui/chart/time-chart';
import { clockTime } from '../../ui/zone';
import { DeployLines, LABEL_MARGIN } from '../deploys/deploy-lines';

type Bucket = Overview['buckets'][number];

const HEIGHT = 230;
const RESULTS = [
  { name: t`delivered`, color: 'var(--chart-2)', value: ({ delivered }: Bucket) => delivered },
  { name: t`will retry`, color: 'var(--chart-3)', value: ({ retrying }: Bucket) => retrying },
  { name: t`failed`, color: 'var(--chart-4)', value: ({ failed }: Bucket) => failed },
];
const ACCEPTED = [{ name: t`accepted`, color: 'var(--chart-1)', value: ({ accepted }: Bucket) => accepted }];

/** Accepted notifications as a line over the results of attempts as stacked bars. */
export function TrafficChart({
  overview: { buckets, bucketSeconds },
  deploys,
}: {
  overview: Overview;
  deploys: readonly Deploy[];
}) {
  const navigate = useNavigate();
  return (
    <TimeChart
      label={t`Accepted notifications and results of attempts`}
      buckets={buckets}
      bars={RESULTS}
      lines={ACCEPTED}
      height={HEIGHT}
      top={deploys.length > 0 ? LABEL_MARGIN : undefined}
      formatAt={clockTime}
      onPick={({ at }) => void navigate(logsOf(at, bucketSeconds))}
    >
      <DeployLines deploys={deploys} series={{ buckets, bucketSeconds }} />
    </TimeChart>
  );
}

/** The notifications that were accepted in a bucket. */
function logsOf(at: string, bucketSeconds: number): string {
  const until = new Date(Date.parse(at) + bucketSeconds * 1000).toISOString();
  return `/logs?${new URLSearchParams({ period: 'between', since: at, until })}`;
}
