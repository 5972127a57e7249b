import { t } from '@lingui/core/macro';
import type { Deploy, Series } from '../../../api/types';
import { TimeChart } from '../../../ui/chart/time-chart';
import { formatMilliseconds } from '../../../ui/time';
import { clockTime, dayTime } from '../../../ui/zone';
import { DeployLines, LABEL_MARGIN } from '../../deploys/deploy-lines';

type Bucket = Series['buckets'][number];

const HEIGHT = 200;
const DAY_SECONDS = 86_400;
const RESULTS = [
  { name: t`succeeded`, color: 'var(--chart-2)', value: ({ successes }: Bucket) => successes },
  { name: t`failed`, color: 'var(--chart-4)', value: ({ failures }: Bucket) => failures },
];
const TIMES = [
  { name: 'p50', color: 'var(--chart-1)', value: ({ p50Ms }: Bucket) => p50Ms, dots: true },
  { name: 'p95', color: 'var(--chart-3)', value: ({ p95Ms }: Bucket) => p95Ms, dots: true },
];

/** Attempts over time, by result. */
export function OutcomeChart({ series, deploys }: { series: Series; deploys: readonly Deploy[] }) {
  return (
    <TimeChart
      label={t`Attempts by result`}
      buckets={series.buckets}
      bars={RESULTS}
      height={HEIGHT}
      top={deploys.length > 0 ? LABEL_MARGIN : undefined}
      formatAt={formatOf(series)}
    >
      <DeployLines deploys={deploys} series={series} />
    </TimeChart>
  );
}

/** Response times: half of the attempts took at most p50, 95 % at most p95. */
export function TimingChart({ series, deploys }: { series: Series; deploys: readonly Deploy[] }) {
  return (
    <TimeChart
      label={t`Response times`}
      buckets={series.buckets}
      lines={TIMES}
      height={HEIGHT}
      left={64}
      formatAt={formatOf(series)}
      formatValue={formatMilliseconds}
    >
      <DeployLines deploys={deploys} series={series} hasLabels={false} />
    </TimeChart>
  );
}

const formatOf = ({ bucketSeconds, buckets }: Series) =>
  bucketSeconds * buckets.length > DAY_SECONDS ? dayTime : clockTime;
