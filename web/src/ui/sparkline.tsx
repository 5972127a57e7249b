import { t } from '@lingui/core/macro';

const HEIGHT = 22;
const BAR = 4;

/** Attempts of the last 24 hours, one bar per hour: successes below, failures on top. */
export function Sparkline({ buckets }: { buckets: { successes: number; failures: number }[] }) {
  const max = Math.max(1, ...buckets.map(({ successes, failures }) => successes + failures));
  const successes = buckets.reduce((sum, bucket) => sum + bucket.successes, 0);
  const failures = buckets.reduce((sum, bucket) => sum + bucket.failures, 0);
  const total = successes + failures;
  const text =
    total === 0 ? t`No attempts in the last 24 hours` : t`Last 24 hours: ${successes} of ${total} attempts succeeded`;
  return (
    <svg role="img" aria-label={text} width={buckets.length * BAR} height={HEIGHT} className="sparkline">
      <title>{text}</title>
      {buckets.map((bucket, index) => {
        const bad = (bucket.failures / max) * (HEIGHT - 1);
        const good = (bucket.successes / max) * (HEIGHT - 1);
        return (
          <g key={index}>
            <rect x={index * BAR} y={HEIGHT - 1} width={BAR - 1} height={1} fill="var(--border-strong)" />
            <rect x={index * BAR} y={HEIGHT - good} width={BAR - 1} height={good} fill="var(--chart-2)" />
            <rect x={index * BAR} y={HEIGHT - good - bad} width={BAR - 1} height={bad} fill="var(--chart-4)" />
          </g>
        );
      })}
    </svg>
  );
}
